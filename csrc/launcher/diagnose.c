#include "diagnose.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int open_capture(void)
{
#ifdef MFD_CLOEXEC
    int fd = memfd_create("tramp-build messages", MFD_CLOEXEC);
    if (fd >= 0)
        return fd;
#endif
    const char *directory = getenv("TMPDIR");
    char *path = concat(directory && *directory ? directory : "/tmp", "/tramp-build.XXXXXX", NULL);
    int file = mkostemp(path, O_CLOEXEC);
    if (file >= 0)
        unlink(path);
    return file;
}

struct buffer read_capture(int fd)
{
    struct buffer messages = {0};
    if (lseek(fd, 0, SEEK_SET) == 0)
        read_fd(&messages, fd);
    close(fd);
    return messages;
}

/* Without the escape sequences of colours and links. */
static void add_uncolored(struct buffer *text, const char *at, const char *end)
{
    while (at < end) {
        const char *escape = memchr(at, '\033', (size_t)(end - at));
        add_bytes(text, at, (size_t)((escape ? escape : end) - at));
        if (escape == NULL)
            return;
        at = escape + 1;
        bool bracket = at < end && *at == '[';
        while (at < end && (bracket ? *at != 'm' && *at != 'K' : *at != '\\' && *at != '\a'))
            at++;
        at += at < end;
    }
}

char *first_error(const struct buffer *messages)
{
    struct buffer plain = {0};
    if (messages->size == 0)
        return concat("the compiler said nothing", NULL);
    add_uncolored(&plain, messages->data, messages->data + messages->size);
    char *line = plain.data, *hit = strstr(plain.data, "error:");
    if (hit == NULL)
        hit = strstr(plain.data, "rror: "); /* a localised "Error: " or "internal compiler error" variant */
    while (hit && hit > plain.data && hit[-1] != '\n')
        hit--;
    line = hit ? hit : line;
    line[strcspn(line, "\r\n")] = '\0';
    return *line ? line : concat("the compiler said nothing", NULL);
}

bool wants_color(void)
{
    const char *term = getenv("TERM"), *colors = getenv("GCC_COLORS");
    return isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0 && !(colors && *colors == '\0');
}

void say(const char *severity, const char *source, const char *text)
{
    char *line = concat("tramp-build: ", severity, ": ", source, ": ", text, "\n", NULL);
    (void)write_all(STDERR_FILENO, line, strlen(line));
}
