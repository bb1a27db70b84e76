#include "args.h"

#include <ctype.h>
#include <string.h>

enum { MAX_NESTING = 10 };

static bool is_wrapper(const char *word)
{
    static const char *const wrappers[] = {"buildcache", "ccache", "distcc", "icecc", "pump", "sccache", "tramp-cc"};
    for (size_t i = 0; i < sizeof wrappers / sizeof wrappers[0]; i++)
        if (strcmp(base_name(word), wrappers[i]) == 0)
            return true;
    return false;
}

/* What a wrapper takes for itself: ccache KEY=VALUE... gcc, tramp-cc --tramp-state=DIR gcc. */
static bool is_own_word(const char *word)
{
    return (word[0] != '-' && strchr(word, '=')) || starts_with(word, "--tramp-state=");
}

size_t find_compiler(char *const *argv)
{
    size_t i = 0;
    while (is_wrapper(argv[i])) {
        size_t next = i + 1;
        while (argv[next] && is_own_word(argv[next]))
            next++;
        if (argv[next] == NULL || argv[next][0] == '-')
            return i;
        i = next;
    }
    return i;
}

bool is_cxx_driver(const char *compiler)
{
    return strstr(base_name(compiler), "++") != NULL;
}

bool is_clang(const char *compiler)
{
    return strstr(base_name(compiler), "clang") != NULL;
}

/* One word from `*text`, which is at its first character, with the quoting taken off. */
static char *next_word(const char **text, const char *end)
{
    struct buffer word = {0};
    const char *at = *text;
    char quote = '\0';
    add_text(&word, "");
    for (; at < end && (quote || !isspace((unsigned char)*at)); at++) {
        if (*at == '\\' && at + 1 < end)
            add_bytes(&word, ++at, 1);
        else if (quote ? *at == quote : (*at == '"' || *at == '\''))
            quote = quote ? '\0' : *at;
        else
            add_bytes(&word, at, 1);
    }
    *text = at;
    return word.data;
}

static bool expand_word(struct words *result, char *word, int depth);

static bool expand_file(struct words *result, const char *path, int depth)
{
    struct view view = {0};
    bool good = true;
    if (depth > MAX_NESTING || !open_view(&view, path))
        return false;
    const char *at = view.data, *end = at + view.size;
    while (good) {
        while (at < end && isspace((unsigned char)*at))
            at++;
        if (at == end)
            break;
        good = expand_word(result, next_word(&at, end), depth);
    }
    close_view(&view);
    return good;
}

static bool expand_word(struct words *result, char *word, int depth)
{
    struct stat status;
    /* Both compilers take @name literally where there is no such file. */
    if (word[0] != '@' || stat(word + 1, &status) < 0) {
        add_word(result, word);
        return true;
    }
    return expand_file(result, word + 1, depth + 1);
}

bool expand_arguments(struct words *result, char *const *argv)
{
    for (; *argv; argv++)
        if (!expand_word(result, *argv, 0))
            return false;
    return true;
}
