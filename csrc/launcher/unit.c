#include "unit.h"

#include "hash.h"
#include "index.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The text of STATE/bodies/NAME, if it is what its name says. */
static bool open_body(struct view *view, const char *state, const char *name)
{
    char sum[16];
    if (!open_view(view, concat(state, "/bodies/", name, NULL)))
        return false;
    snprintf(sum, sizeof sum, "%08x", crc32_of(view->data, view->size));
    return strcmp(sum, name + BODY_NAME_SIZE - 8) == 0;
}

/* A body is named by its content, so that all that has to tell two units apart is how they name their source. */
static char *unit_prefix(const char *state, const char *name, const char *source)
{
    char spelling[NAME_SIZE + 1];
    name_of(source, spelling);
    return concat(state, "/units/", name, spelling, "/", NULL);
}

/* A state directory below the working directory is named from there: then nothing that is made depends on where the
   tree lies. */
static char *relative_to_here(const char *state)
{
    char *here = getcwd(NULL, 0);
    size_t length = here ? strlen(here) : 0;
    if (length > 1 && strncmp(state, here, length) == 0 && state[length] == '/')
        return concat(state + length + 1, NULL);
    return absolute(state);
}

static void add_escaped(struct buffer *text, const char *name)
{
    for (; *name; name++) {
        if (*name == '"' || *name == '\\')
            add_bytes(text, "\\", 1);
        add_bytes(text, name, 1);
    }
}

static bool is_file(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && !S_ISDIR(status.st_mode);
}

/* `name` is what stood after the mark.  A path with a quote in it goes between angle brackets: for an absolute path they
   mean the same.  False where the path can not be written as an include at all. */
static bool add_include(struct buffer *text, const struct unit *unit, const char *name)
{
    char *spelled = concat(unit->source_prefix, name, NULL);
    char *path = unit->sibling_prefix ? concat(unit->sibling_prefix, name, NULL) : spelled;
    if (!is_file(spelled))
        path = concat(name, NULL);
    bool quote = strchr(path, '"') != NULL;
    add_text(text, quote ? "<" : "\"");
    add_text(text, path);
    add_text(text, quote ? ">" : "\"");
    return !(quote && strchr(path, '>')) && !strchr(path, '\n');
}

/* The text after the first line with every marked name resolved. */
static bool add_resolved(struct buffer *text, const struct unit *unit, const char *at, const char *end)
{
    static const char mark[] = "\"" INCLUDE_MARK;
    const char *hit;
    while ((hit = memmem(at, (size_t)(end - at), mark, sizeof mark - 1)) != NULL) {
        add_bytes(text, at, (size_t)(hit - at));
        at = hit + sizeof mark - 1;
        const char *quote = memchr(at, '"', (size_t)(end - at));
        struct buffer name = {0};
        if (quote == NULL)
            return false;
        add_bytes(&name, at, (size_t)(quote - at));
        if (!add_include(text, unit, name.data))
            return false;
        at = quote + 1;
    }
    add_bytes(text, at, (size_t)(end - at));
    return true;
}

static const char *write_unit(const struct unit *unit, const struct view *body, const char *source, const struct stat *status)
{
    struct buffer text = {0};
    const char *end = body->data + body->size, *newline = memchr(body->data, '\n', body->size);
    if (newline == NULL)
        return "the rewritten text has no first line";
    add_bytes(&text, body->data, (size_t)(newline + 1 - body->data));
    add_text(&text, "#line 1 \"");
    add_escaped(&text, source);
    add_text(&text, "\"\n");
    if (!add_resolved(&text, unit, newline + 1, end))
        return "the path of an included file can not be written as an include";
    char *directory = concat(unit->prefix, NULL);
    directory[strlen(directory) - 1] = '\0';
    if (!make_directories(directory) || !write_file(unit->path, text.data, text.size, &status->st_mtim))
        return concat(unit->path, ": ", strerror(errno), NULL);
    return NULL;
}

const char *make_unit(struct unit *unit, const char *state, const char *name, const char *source, const struct stat *status, bool clang)
{
    struct view body = {0};
    if (!open_body(&body, state, name))
        return "the rewritten text is damaged or gone";
    unit->prefix = unit_prefix(relative_to_here(state), name, source);
    unit->path = concat(unit->prefix, base_name(source), NULL);
    unit->source_prefix = directory_prefix(source);
    unit->sibling_prefix = NULL;
    unit->sibling_spelled = clang && *unit->source_prefix == '\0' ? concat("./", NULL) : unit->source_prefix;
    if (source[0] != '/') {
        char *directory = absolute(unit->source_prefix);
        if (directory == NULL)
            return "the working directory is gone";
        unit->sibling_prefix = concat(directory, "./", NULL);
    }
    if (strpbrk(unit->prefix, "\\=") || strpbrk(source, "\\=") || (unit->sibling_prefix && strpbrk(unit->sibling_prefix, "\\=")))
        return "there is a backslash or an equals sign in its path"; /* clang writes the one as /, a prefix map ends at the other */
    const char *problem = write_unit(unit, &body, source, status);
    close_view(&body);
    return problem;
}

void restore_names(const struct unit *unit, const char *source, struct buffer *text)
{
    replace_all(text, unit->path, source);
    if (unit->sibling_prefix)
        replace_all(text, unit->sibling_prefix, unit->sibling_spelled);
}
