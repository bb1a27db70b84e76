#include "depfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* gcc and clang agree: the output's name, or else the source's without its directory, with .d for what follows the last dot. */
static char *derived_path(const struct command *command)
{
    const char *base = command->output ? command->output : base_name(command->sources[0].path);
    const char *dot = strrchr(base_name(base), '.');
    struct buffer path = {0};
    add_bytes(&path, base, dot ? (size_t)(dot - base) : strlen(base));
    add_text(&path, ".d");
    return path.data;
}

char *depfile_path(const struct command *command)
{
    struct stat status;
    if (command->depfile_form == DEPFILE_NONE)
        return NULL;
    char *path = command->depfile ? concat(command->depfile, NULL) : derived_path(command);
    return stat(path, &status) == 0 && S_ISCHR(status.st_mode) ? NULL : path; /* /dev/null */
}

void redirect_depfile(struct words *words, const struct command *command, char *detour)
{
    char **word = command->depfile_index < words->count ? &words->items[command->depfile_index] : NULL;
    switch (command->depfile_form) {
    case DEPFILE_NONE: break;
    case DEPFILE_DERIVED:
        add_word(words, concat("-MF", NULL));
        add_word(words, detour);
        break;
    case DEPFILE_SEPARATE: *word = detour; break;
    case DEPFILE_JOINED: *word = concat("-MF", detour, NULL); break;
    case DEPFILE_WP: {
        struct buffer option = {0};
        add_bytes(&option, *word, (size_t)(strchr(*word + 4, ',') + 1 - *word));
        add_text(&option, detour);
        *word = option.data;
        break;
    }
    }
}

/* The length of what both compilers take off the front of a name. */
static size_t dots_in_front(const char *path)
{
    size_t length = 0;
    while (path[length] == '.' && path[length + 1] == '/')
        length += 2 + strspn(path + length + 2, "/");
    return length;
}

/* As make wants it, and as both compilers write it. */
static char *make_escaped(const char *path)
{
    struct buffer text = {0};
    size_t backslashes = 0;
    add_text(&text, "");
    for (const char *at = path + dots_in_front(path); *at; at++) {
        if (*at == ' ' || *at == '\t')
            for (size_t i = 0; i <= backslashes; i++)
                add_text(&text, "\\");
        else if (*at == '#')
            add_text(&text, "\\");
        else if (*at == '$')
            add_text(&text, "$");
        backslashes = *at == '\\' ? backslashes + 1 : 0;
        add_bytes(&text, at, 1);
    }
    return text.data;
}

static bool write_through(const char *path, const struct buffer *text)
{
    int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool good = write_all(fd, text->data, text->size);
    return close(fd) == 0 && good;
}

bool deliver_depfile(const char *path, const struct unit *unit, const char *source)
{
    struct buffer text = {0};
    struct stat status;
    int fd = open(unit->depfile, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT; /* a compiler that writes none when asked through -Wp */
    bool good = read_fd(&text, fd);
    close(fd);
    if (!good)
        return false;
    for (size_t i = 0; i < unit->parts.count; i++)
        replace_all(&text, make_escaped(unit->parts.items[i]), make_escaped(unit->spelled.items[i]));
    replace_all(&text, make_escaped(unit->path), make_escaped(source));
    if (unit->sibling_prefix) {
        struct buffer dotted = {0};
        add_text(&dotted, unit->sibling_prefix);
        add_bytes(&dotted, source, dots_in_front(source));
        replace_all(&text, make_escaped(dotted.data), "");
        replace_all(&text, make_escaped(unit->sibling_prefix), "");
    }
    if (lstat(path, &status) == 0 && !S_ISREG(status.st_mode))
        good = write_through(path, &text);
    else
        good = write_file(path, text.data ? text.data : "", text.size, NULL);
    return good;
}
