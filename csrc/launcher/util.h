/* Memory, text and files: what every other part of the launcher uses and what knows nothing of compilers. */
#ifndef TRAMP_UTIL_H
#define TRAMP_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

/* A growing run of bytes; `data` always has a NUL after `size` bytes once something was added. */
struct buffer {
    char *data;
    size_t size, capacity;
};

/* A growing argument vector; `items` always ends with NULL once something was added. */
struct words {
    char **items;
    size_t count, capacity;
};

/* A file's bytes, mapped or read; `data` is never NULL where `open_view` succeeded. */
struct view {
    const char *data;
    size_t size;
    bool mapped;
};

/* Memory that is never NULL: without memory the original command is executed instead (see run.h).  Nothing is ever freed
   but what a loop would pile up; the process is short. */
void *allocate(size_t size);

void add_bytes(struct buffer *buffer, const char *data, size_t size);
void add_text(struct buffer *buffer, const char *text);
void add_number(struct buffer *buffer, unsigned long long value);
void add_word(struct words *words, char *word);

/* The texts one after another, as one new string; the list ends with NULL. */
char *concat(const char *first, ...) __attribute__((sentinel));

bool starts_with(const char *text, const char *prefix);
bool ends_with(const char *text, const char *suffix);

/* The part after the last slash. */
const char *base_name(const char *path);

/* The part up to and with the last slash; "" where there is none. */
char *directory_prefix(const char *path);

/* The path from the root, without resolving anything; NULL without a working directory. */
char *absolute(const char *path);

/* Every occurrence of `from` (not empty) becomes `to`. */
void replace_all(struct buffer *buffer, const char *from, const char *to);

/* False with errno where the file can not be opened or read. */
bool open_view(struct view *view, const char *path);
bool read_fd(struct buffer *buffer, int fd);
void close_view(struct view *view);
bool contains(const struct view *view, const char *text);

/* Writes all of it, through EINTR and short writes; false with errno. */
bool write_all(int fd, const char *data, size_t size);

/* Whole and at once: a temporary file beside `path` that is renamed.  `times` (may be NULL) becomes the file's mtime. */
bool write_file(const char *path, const char *data, size_t size, const struct timespec *mtime);

/* `mkdir -p`; true where the directory stands afterwards. */
bool make_directories(const char *path);

#endif
