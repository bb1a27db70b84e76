#include "util.h"

#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void *allocate(size_t size)
{
    void *memory = malloc(size ? size : 1);
    if (memory == NULL)
        execute_original();
    return memory;
}

static void *grow(void *memory, size_t *capacity, size_t needed, size_t width)
{
    if (needed <= *capacity)
        return memory;
    size_t wanted = *capacity ? *capacity * 2 : 64;
    if (wanted < needed)
        wanted = needed;
    void *grown = wanted > SIZE_MAX / width ? NULL : realloc(memory, wanted * width);
    if (grown == NULL)
        execute_original();
    *capacity = wanted;
    return grown;
}

void add_bytes(struct buffer *buffer, const char *data, size_t size)
{
    buffer->data = grow(buffer->data, &buffer->capacity, buffer->size + size + 1, 1);
    if (size)
        memcpy(buffer->data + buffer->size, data, size);
    buffer->size += size;
    buffer->data[buffer->size] = '\0';
}

void add_text(struct buffer *buffer, const char *text)
{
    add_bytes(buffer, text, strlen(text));
}

void add_number(struct buffer *buffer, unsigned long long value)
{
    char digits[24];
    add_bytes(buffer, digits, (size_t)snprintf(digits, sizeof digits, "%llu", value));
}

void add_word(struct words *words, char *word)
{
    words->items = grow(words->items, &words->capacity, words->count + 2, sizeof *words->items);
    words->items[words->count++] = word;
    words->items[words->count] = NULL;
}

char *concat(const char *first, ...)
{
    struct buffer buffer = {0};
    va_list texts;
    va_start(texts, first);
    for (const char *text = first; text; text = va_arg(texts, const char *))
        add_text(&buffer, text);
    va_end(texts);
    return buffer.data;
}

bool starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool ends_with(const char *text, const char *suffix)
{
    size_t length = strlen(text), wanted = strlen(suffix);
    return length >= wanted && memcmp(text + length - wanted, suffix, wanted) == 0;
}

const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

char *directory_prefix(const char *path)
{
    struct buffer buffer = {0};
    add_bytes(&buffer, path, (size_t)(base_name(path) - path));
    return buffer.data;
}

char *absolute(const char *path)
{
    if (path[0] == '/')
        return concat(path, NULL);
    char *here = getcwd(NULL, 0);
    if (here == NULL)
        return NULL;
    char *whole = concat(here, here[1] ? "/" : "", path, NULL);
    free(here);
    return whole;
}

void replace_all(struct buffer *buffer, const char *from, const char *to)
{
    size_t length = strlen(from);
    const char *rest = buffer->data, *end = rest + buffer->size, *hit;
    if (buffer->size == 0 || (hit = memmem(rest, buffer->size, from, length)) == NULL)
        return;
    struct buffer result = {0};
    for (; hit; hit = memmem(rest, (size_t)(end - rest), from, length)) {
        add_bytes(&result, rest, (size_t)(hit - rest));
        add_text(&result, to);
        rest = hit + length;
    }
    add_bytes(&result, rest, (size_t)(end - rest));
    free(buffer->data);
    *buffer = result;
}

bool read_fd(struct buffer *buffer, int fd)
{
    char chunk[16384];
    for (;;) {
        ssize_t got = read(fd, chunk, sizeof chunk);
        if (got > 0)
            add_bytes(buffer, chunk, (size_t)got);
        else if (got == 0)
            return true;
        else if (errno != EINTR)
            return false;
    }
}

static bool view_fd(struct view *view, int fd)
{
    struct stat status;
    if (fstat(fd, &status) < 0)
        return false;
    if (!S_ISREG(status.st_mode)) {
        errno = EINVAL; /* reading a pipe would take from the compiler what it is to read */
        return false;
    }
    view->data = "";
    view->size = (size_t)status.st_size;
    view->mapped = view->size > 0;
    if (!view->mapped)
        return true;
    void *memory = mmap(NULL, view->size, PROT_READ, MAP_PRIVATE, fd, 0);
    view->data = memory;
    return memory != MAP_FAILED;
}

bool open_view(struct view *view, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return false;
    bool viewed = view_fd(view, fd);
    int error = errno;
    close(fd);
    errno = error;
    return viewed;
}

void close_view(struct view *view)
{
    if (view->mapped)
        munmap((void *)(uintptr_t)view->data, view->size);
}

bool contains(const struct view *view, const char *text)
{
    return memmem(view->data, view->size, text, strlen(text)) != NULL;
}

bool write_all(int fd, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t written = write(fd, data, size);
        if (written > 0) {
            data += written;
            size -= (size_t)written;
        } else if (written == 0 || errno != EINTR) {
            return false;
        }
    }
    return true;
}

bool write_file(const char *path, const char *data, size_t size, const struct timespec *mtime)
{
    char *temporary = concat(path, ".XXXXXX", NULL);
    int fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0)
        return false;
    const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, mtime ? *mtime : (struct timespec){.tv_nsec = UTIME_OMIT}};
    mode_t mask = umask(0);
    umask(mask);
    bool good = write_all(fd, data, size) && fchmod(fd, 0666 & ~mask) == 0 && futimens(fd, times) == 0;
    int error = good ? 0 : errno;
    if (close(fd) < 0 && good)
        good = false, error = errno;
    if (good && rename(temporary, path) < 0)
        good = false, error = errno;
    if (!good)
        unlink(temporary);
    free(temporary);
    errno = error;
    return good;
}

bool make_directories(const char *path)
{
    if (mkdir(path, 0777) == 0 || errno == EEXIST)
        return true;
    if (errno != ENOENT)
        return false;
    char *parent = concat(path, NULL);
    char *slash = strrchr(parent, '/');
    if (slash == NULL || slash == parent)
        return false;
    *slash = '\0';
    bool made = make_directories(parent) && (mkdir(path, 0777) == 0 || errno == EEXIST);
    free(parent);
    return made;
}
