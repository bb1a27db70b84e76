#include "scan.h"

#include "util.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const char symbols[] = "tramp_";

static bool has_magic(const struct view *view, const char *magic, size_t size)
{
    return view->size >= size && memcmp(view->data, magic, size) == 0;
}

enum { MAX_DEPTH = 3 }; /* of thin archives in thin archives */
enum { HEADER = 60 }; /* of an archive member: name[16], date[12], uid[6], gid[6], mode[8], size[10], magic[2] */

static size_t number_at(const char *text, size_t width)
{
    char digits[24] = {0};
    memcpy(digits, text, width);
    return (size_t)strtoull(digits, NULL, 10);
}

/* The member's path; names longer than 15 characters stand in the table, each ended by "/\n". */
static char *member_path(const char *archive, const char *header, const char *table, size_t table_size)
{
    struct buffer name = {0};
    const char *start = header, *end = header + 16;
    if (header[0] == '/' && isdigit((unsigned char)header[1])) {
        size_t offset = number_at(header + 1, 15);
        if (offset >= table_size)
            return NULL;
        start = table + offset;
        end = table + table_size;
    }
    const char *stop = start;
    while (stop < end && !(*stop == '/' && (stop + 1 == end || stop[1] == '\n' || stop[1] == ' ')))
        stop++;
    if (*start != '/')
        add_text(&name, directory_prefix(archive));
    add_bytes(&name, start, (size_t)(stop - start));
    return name.data;
}

/* A thin archive has only the names of its members; only the symbol index and the table of names have contents. */
static bool file_uses(const char *path, int depth);

static bool thin_archive_uses(const struct view *view, const char *path, int depth)
{
    const char *table = "";
    size_t table_size = 0;
    for (size_t at = 8; at + HEADER <= view->size;) {
        const char *header = view->data + at;
        size_t size = number_at(header + 48, 10);
        at += HEADER;
        bool names = memcmp(header, "// ", 3) == 0;
        if (names || memcmp(header, "/ ", 2) == 0 || memcmp(header, "/SYM64/ ", 8) == 0) {
            if (size > view->size - at)
                return false;
            if (names) {
                table = view->data + at;
                table_size = size;
            }
            at += size + (size & 1);
            continue;
        }
        char *member = member_path(path, header, table, table_size);
        if (member && file_uses(member, depth + 1))
            return true;
    }
    return false;
}

static bool file_uses(const char *path, int depth)
{
    struct view view = {0};
    bool found = false;
    if (depth > MAX_DEPTH || !open_view(&view, path))
        return false;
    if (has_magic(&view, "!<thin>\n", 8))
        found = thin_archive_uses(&view, path, depth);
    else if (has_magic(&view, "\177ELF", 4) || has_magic(&view, "!<arch>\n", 8) || has_magic(&view, "BC\xc0\xde", 4))
        found = contains(&view, symbols);
    close_view(&view);
    return found;
}

bool uses_libtramp(const char *path)
{
    return file_uses(path, 0);
}
