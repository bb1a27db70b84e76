#include "conf.h"

#include "util.h"

#include <string.h>

/* The value of `key` in the text, as a new string; NULL where it is not there. */
static char *value_of(const char *text, const char *key)
{
    size_t length = strlen(key);
    for (const char *line = text; line; line = (line = strchr(line, '\n')) ? line + 1 : NULL)
        if (strncmp(line, key, length) == 0 && line[length] == '=') {
            struct buffer value = {0};
            add_bytes(&value, line + length + 1, strcspn(line + length + 1, "\n"));
            return value.data;
        }
    return NULL;
}

static bool is(const char *text, const char *key, const char *value)
{
    char *found = value_of(text, key);
    return found && strcmp(found, value) == 0;
}

bool read_conf(struct conf *conf, const char *state)
{
    struct view view = {0};
    struct buffer text = {0};
    if (!open_view(&view, concat(state, "/conf", NULL)))
        return false;
    add_bytes(&text, view.data, view.size);
    close_view(&view);
    char *pythonpath = value_of(text.data, "pythonpath");
    *conf = (struct conf){
        .python = value_of(text.data, "python"),
        .pythonpath = pythonpath ? pythonpath : concat("", NULL),
        .libdir = value_of(text.data, "libdir"),
        .version = value_of(text.data, "version"),
        .link_static = is(text.data, "link", "static"),
        .rpath_origin = !is(text.data, "rpath", "absolute"),
        .rpath_libdir = is(text.data, "rpath", "absolute") || is(text.data, "rpath", "both"),
        .strict = is(text.data, "strict", "1"),
    };
    return conf->python && conf->libdir && conf->version;
}
