#include "index.h"

#include "hash.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Takes `text` from the front of [*at, end). */
static bool skip_text(const char **at, const char *end, const char *text)
{
    size_t length = strlen(text);
    if ((size_t)(end - *at) < length || memcmp(*at, text, length) != 0)
        return false;
    *at += length;
    return true;
}

static bool is_body_name(const char *text)
{
    for (int i = 0; i < BODY_NAME_SIZE; i++)
        if (!((text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f')))
            return false;
    return true;
}

static void take_body(struct record *record, enum action action, const char *name, const char *end)
{
    if (end - name != BODY_NAME_SIZE || !is_body_name(name))
        return;
    record->action = action;
    memcpy(record->body, name, BODY_NAME_SIZE);
}

/* [line, end) without its newline begins with `wanted`, which is all up to and with the language's tab. */
static bool read_line(struct record *record, const char *line, const char *end, const char *wanted)
{
    char sum[16];
    const char *tab = memrchr(line, '\t', (size_t)(end - line));
    if (tab == NULL || end - tab != 9)
        return false;
    snprintf(sum, sizeof sum, "\t%08x", crc32_of(line, (size_t)(tab - line)));
    if (memcmp(tab, sum, 9) != 0)
        return false;
    const char *at = line;
    *record = (struct record){.action = ACTION_UNKNOWN};
    if (!skip_text(&at, tab, wanted))
        return true; /* valid, and about another version of the file: it replaces what an earlier line says */
    if (skip_text(&at, tab, "plain\t-"))
        record->action = at == tab ? ACTION_PLAIN : ACTION_UNKNOWN;
    else if (skip_text(&at, tab, "routed\t"))
        take_body(record, ACTION_ROUTED, at, tab);
    else if (skip_text(&at, tab, "ask\t"))
        take_body(record, ACTION_ASK, at, tab);
    return true;
}

/* Whether the line is about the file in this language, whatever its size and time. */
static bool same_language(const char *line, const char *end, size_t path_length, const char *language)
{
    const char *at = line + path_length + 1;
    for (int i = 0; i < 2; i++) {
        at = memchr(at, '\t', (size_t)(end - at));
        if (at++ == NULL)
            return false;
    }
    return skip_text(&at, end, language) && at < end && *at == '\t';
}

struct record look_up(const char *state, const char *path, const struct stat *status, const char *language)
{
    struct record found = {.action = ACTION_UNKNOWN};
    struct view view = {0};
    if (strpbrk(path, "\t\n") || !open_view(&view, concat(state, "/index", NULL)))
        return found;
    char times[80];
    snprintf(times, sizeof times, "\t%lld\t%lld\t", (long long)status->st_size,
             (long long)status->st_mtim.tv_sec * 1000000000 + status->st_mtim.tv_nsec);
    char *key = concat(path, "\t", NULL), *wanted = concat(path, times, language, "\t", NULL);
    size_t length = strlen(key);
    const char *end = view.data + view.size, *at = view.data;
    while ((at = memmem(at, (size_t)(end - at), key, length)) != NULL) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        if (stop == NULL)
            break; /* being written */
        if ((at == view.data || at[-1] == '\n') && same_language(at, stop, length - 1, language))
            read_line(&found, at, stop, wanted);
        at = stop;
    }
    close_view(&view);
    return found;
}
