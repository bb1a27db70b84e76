#include "unit.h"

#include "hash.h"
#include "index.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WORK_DIRECTORY ".tramp-build/"

/* The text of STATE/bodies/NAME, if it is what its name says. */
static bool open_body(struct view *view, const char *state, const char *name)
{
    char sum[16];
    if (!open_view(view, concat(state, "/bodies/", name, NULL)))
        return false;
    snprintf(sum, sizeof sum, "%08x", crc32_of(view->data, view->size));
    return strcmp(sum, name + BODY_NAME_SIZE - 8) == 0;
}

/* "DIR/.tramp-build/", from the working directory where it is below that, else absolute.  NULL with errno. */
static char *work_prefix(const char *output)
{
    char *directory = realpath(output && strchr(output, '/') ? directory_prefix(output) : ".", NULL), *here = getcwd(NULL, 0);
    if (directory == NULL || here == NULL)
        return NULL;
    size_t length = strcmp(here, "/") == 0 ? 0 : strlen(here);
    if (strcmp(directory, here) == 0)
        return concat(WORK_DIRECTORY, NULL);
    if (strncmp(directory, here, length) == 0 && directory[length] == '/')
        return concat(directory + length + 1, "/" WORK_DIRECTORY, NULL);
    return concat(directory, "/" WORK_DIRECTORY, NULL);
}

/* One directory for each output: the call that ends first must not take away what another still reads. */
static char *unit_prefix(const char *work, const char *output, const char *source)
{
    char name[NAME_SIZE + 1];
    name_of(concat(source, "\n", output, NULL), name);
    return concat(work, name, "/", NULL);
}

/* The way from a unit to the working directory.  Its directory is real and named from there, or absolute.  A path with a quote
   goes between angle brackets and has to be absolute. */
static char *way_back(const char *prefix, const char *source_prefix)
{
    struct buffer way = {0};
    if (prefix[0] == '/' || strchr(source_prefix, '"'))
        return concat(absolute(""), "./", NULL);
    add_text(&way, prefix);
    for (const char *at = prefix; (at = strchr(at, '/')); at++)
        add_text(&way, "../");
    return way.data;
}

static void add_escaped(struct buffer *text, const char *name)
{
    for (; *name; name++) {
        if (*name == '"' || *name == '\\')
            add_bytes(text, "\\", 1);
        add_bytes(text, name, 1);
    }
}

/* What leads from the unit to a path as spelled. */
static const char *way_to_siblings(const struct unit *unit)
{
    if (unit->sibling_prefix == NULL)
        return "";
    return unit->sibling_prefix[0] == '/' ? unit->sibling_prefix : unit->sibling_prefix + strlen(unit->prefix);
}

/* Another call may remove the common directory, empty at that moment, between its making and the making of ours. */
static bool make_unit_directory(const char *prefix)
{
    char *directory = concat(prefix, NULL);
    directory[strlen(directory) - 1] = '\0';
    for (int attempt = 0; attempt < 1000; attempt++) {
        if (make_directories(directory))
            return true;
        if (errno != ENOENT)
            break;
    }
    return false;
}

static const char *add_resolved(struct buffer *text, struct unit *unit, const char *state, const char *at, const char *end,
                                const struct stat *source);

/* A path with a quote in it goes between angle brackets: for an absolute path they mean the same.  NULL is success. */
static const char *add_name(struct buffer *text, const char *path)
{
    bool quote = strchr(path, '"') != NULL;
    if ((quote && strchr(path, '>')) || strchr(path, '\n'))
        return "the path of an included file can not be written as an include";
    add_text(text, quote ? "<" : "\"");
    add_text(text, path);
    add_text(text, quote ? ">" : "\"");
    return NULL;
}

static void add_line(struct buffer *text, const char *path)
{
    add_text(text, "#line 1 \"");
    add_escaped(text, path);
    add_text(text, "\"\n");
}

static const char *write_part(struct unit *unit, const char *path, const char *spelled, const char *state, const char *body,
                              const struct stat *status)
{
    struct view view = {0};
    struct buffer text = {0};
    if (!open_body(&view, state, body))
        return "the rewritten text of an included file is damaged or gone";
    const char *end = view.data + view.size, *newline = memchr(view.data, '\n', view.size);
    add_line(&text, spelled);
    const char *problem = newline ? add_resolved(&text, unit, state, newline + 1, end, status) : "the rewritten text has no first line";
    close_view(&view);
    if (problem == NULL && (!make_unit_directory(unit->prefix) || !write_file(path, text.data, text.size, &status->st_mtim)))
        problem = concat(path, ": ", strerror(errno), NULL);
    return problem;
}

static bool is_known(const struct unit *unit, const char *path)
{
    for (size_t i = 0; i < unit->parts.count; i++)
        if (strcmp(unit->parts.items[i], path) == 0)
            return true;
    return false;
}

static bool is_as_it_was(const char *path, struct stat *status, long long size, long long mtime)
{
    return stat(path, status) == 0 && status->st_size == size &&
           (long long)status->st_mtim.tv_sec * 1000000000 + status->st_mtim.tv_nsec == mtime;
}

/* A path that is named from the directory of the source, as the compiler would put it together. */
static char *from_source(const char *prefix, const char *path)
{
    return concat(path[0] == '/' ? "" : prefix, path, NULL);
}

/* The name of a copy ends in that of the file, as far as the old name of a map may have that in it. */
static char *copy_name(const char *hash, const char *spelled)
{
    char *name = concat(hash, "-", base_name(spelled), NULL);
    for (char *at = name; (at = strpbrk(at, "=\\")); at++)
        *at = '_';
    return name;
}

/* "=SIZE:MTIME/PATH": what was decided depends on that file as well, which is compiled as it is. */
static const char *check_relied_on(struct unit *unit, const char *name)
{
    struct stat status;
    long long size, mtime;
    int length = 0;
    if (sscanf(name, "=%lld:%lld%n", &size, &mtime, &length) != 2 || name[length] != '/')
        return "the rewritten text has a name that is none";
    unit->stale = !is_as_it_was(name + length, &status, size, mtime);
    return unit->stale ? "a file that it includes has changed since" : NULL;
}

/* "@BODY:SIZE:MTIME/PATH": the copy is written where it is not yet. */
static const char *add_copy(struct buffer *text, struct unit *unit, const char *state, const char *name)
{
    char body[BODY_NAME_SIZE + 1] = "", hash[NAME_SIZE + 1];
    struct stat status;
    long long size, mtime;
    int length = 0;
    if (sscanf(name, "@%32[0-9a-f]:%lld:%lld/%n", body, &size, &mtime, &length) != 3 || length == 0 || strlen(body) != BODY_NAME_SIZE)
        return "the rewritten text has a name that is none";
    char *spelled = from_source(*unit->source_prefix ? unit->source_prefix : unit->sibling_spelled, name + length);
    if (!is_as_it_was(spelled, &status, size, mtime)) {
        unit->stale = true;
        return "a file that it includes has changed since";
    }
    name_of(concat(body, "\n", spelled, NULL), hash);
    char *path = concat(unit->prefix, copy_name(hash, spelled), NULL);
    if (!is_known(unit, path)) {
        add_word(&unit->parts, path);
        add_word(&unit->spelled, spelled);
        const char *problem = write_part(unit, path, spelled, state, body, &status);
        if (problem)
            return problem;
    }
    return add_name(text, path + strlen(unit->prefix));
}

/* `name` is what stood after the mark.  NULL is success. */
static const char *add_include(struct buffer *text, struct unit *unit, const char *state, const char *name, const struct stat *source)
{
    struct stat status;
    if (*name == '=')
        return check_relied_on(unit, name);
    if (*name == '@')
        return add_copy(text, unit, state, name);
    const char *behind = strstr(name, "/|"), *plain = behind ? behind + 2 : name;
    struct buffer local = {0};
    if (behind)
        add_bytes(&local, name, (size_t)(behind + 1 - name));
    add_text(&local, plain);
    char *path = concat(plain, NULL), *spelled = from_source(unit->source_prefix, local.data);
    if (stat(spelled, &status) == 0 && !S_ISDIR(status.st_mode))
        path = from_source(way_to_siblings(unit), spelled);
    if (path[strlen(plain)] && status.st_ino == source->st_ino && status.st_dev == source->st_dev)
        return "it includes itself";
    return add_name(text, path);
}

/* The text after the first line with every marked name resolved.  NULL is success. */
static const char *add_resolved(struct buffer *text, struct unit *unit, const char *state, const char *at, const char *end,
                                const struct stat *source)
{
    static const char mark[] = "\"" INCLUDE_MARK;
    const char *hit;
    while ((hit = memmem(at, (size_t)(end - at), mark, sizeof mark - 1)) != NULL) {
        add_bytes(text, at, (size_t)(hit - at));
        at = hit + sizeof mark - 1;
        const char *quote = memchr(at, '"', (size_t)(end - at));
        struct buffer name = {0};
        if (quote == NULL)
            return "the rewritten text has a name without end";
        add_bytes(&name, at, (size_t)(quote - at));
        const char *problem = add_include(text, unit, state, name.data, source);
        if (problem)
            return problem;
        at = quote + 1;
    }
    add_bytes(text, at, (size_t)(end - at));
    return NULL;
}

/* What stands in front of the source, of which a body has one line; a form feed is a line end there. */
static void add_head(struct buffer *text, const char *at, const char *end, bool assembly)
{
    static const char choice[] = "TRAMP_ASSEMBLY";
    if (assembly && memmem(at, (size_t)(end - at), choice, sizeof choice - 1))
        add_text(text, "#define TRAMP_ASSEMBLY\n");
    size_t start = text->size;
    add_bytes(text, at, (size_t)(end - at));
    for (char *feed = text->data + start; (feed = memchr(feed, '\f', (size_t)(text->data + text->size - feed)));)
        *feed = '\n';
}

static const char *write_unit(struct unit *unit, const char *state, const struct view *body, const char *source, const struct stat *status,
                              bool assembly)
{
    struct buffer text = {0};
    const char *end = body->data + body->size, *newline = memchr(body->data, '\n', body->size);
    if (newline == NULL)
        return "the rewritten text has no first line";
    add_head(&text, body->data, newline + 1, assembly);
    add_line(&text, source);
    const char *problem = add_resolved(&text, unit, state, newline + 1, end, status);
    if (problem)
        return problem;
    if (!make_unit_directory(unit->prefix) || !write_file(unit->path, text.data, text.size, &status->st_mtim))
        return concat(unit->path, ": ", strerror(errno), NULL);
    return NULL;
}

/* clang writes a backslash as a slash into dependencies, and a prefix map ends at an equals sign. */
static bool can_be_mapped(const struct unit *unit, const char *source)
{
    return !strpbrk(unit->prefix, "\\=") && !strpbrk(source, "\\=") && !(unit->sibling_prefix && strpbrk(unit->sibling_prefix, "\\="));
}

const char *make_unit(struct unit *unit, const char *state, const char *name, const char *output, const struct source *source,
                      const struct stat *status, bool clang, bool assembly)
{
    struct view body = {0};
    char *work = work_prefix(output);
    *unit = (struct unit){0};
    if (work == NULL)
        return concat("the directory of the output: ", strerror(errno), NULL);
    if (!open_body(&body, state, name))
        return "the rewritten text is damaged or gone";
    unit->prefix = unit_prefix(work, output ? output : "", source->path);
    unit->path = concat(unit->prefix, base_name(source->path), NULL);
    unit->depfile = concat(unit->path, ".d", NULL);
    unit->source_prefix = directory_prefix(source->path);
    unit->sibling_prefix = source->path[0] == '/' ? NULL : way_back(unit->prefix, unit->source_prefix);
    unit->sibling_spelled = clang && *unit->source_prefix == '\0' ? "./" : "";
    const char *problem = can_be_mapped(unit, source->path) ? write_unit(unit, state, &body, source->path, status, assembly)
                                                           : "there is a backslash or an equals sign in its path";
    close_view(&body);
    if (problem)
        remove_unit(unit);
    return problem;
}

void remove_unit(const struct unit *unit)
{
    if (unit->prefix == NULL)
        return;
    char *directory = concat(unit->prefix, NULL);
    for (size_t i = 0; i < unit->parts.count; i++)
        unlink(unit->parts.items[i]);
    unlink(unit->path);
    unlink(unit->depfile);
    for (int levels = 0; levels < 2; levels++) {
        *strrchr(directory, '/') = '\0';
        if (rmdir(directory) < 0)
            break;
    }
}

void restore_names(const struct unit *unit, const char *source, struct buffer *text)
{
    for (size_t i = 0; i < unit->parts.count; i++)
        replace_all(text, unit->parts.items[i], unit->spelled.items[i]);
    replace_all(text, unit->path, source);
    replace_all(text, ENTRY_PREFIX, "");
    if (unit->sibling_prefix)
        replace_all(text, unit->sibling_prefix, unit->sibling_spelled);
}
