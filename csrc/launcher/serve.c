#include "serve.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int connect_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        return -1;
    memcpy(address.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

/* All at once, or not at all: it is less than a socket takes. */
static bool send_question(int fd, struct buffer *text, int gate)
{
    int descriptors[] = {STDERR_FILENO, gate};
    size_t size = gate < 0 ? sizeof *descriptors : sizeof descriptors;
    union {
        char bytes[CMSG_SPACE(sizeof descriptors)];
        struct cmsghdr aligned;
    } control = {0};
    struct iovec part = {.iov_base = text->data, .iov_len = text->size};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = CMSG_SPACE(size)};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(size);
    memcpy(CMSG_DATA(header), descriptors, size);
    return sendmsg(fd, &message, MSG_NOSIGNAL) == (ssize_t)text->size && shutdown(fd, SHUT_WR) == 0;
}

static enum server read_answer(int fd)
{
    char code;
    ssize_t size;
    while ((size = read(fd, &code, 1)) < 0 && errno == EINTR)
        continue;
    return size != 1 ? SERVER_NONE : code == 0 ? SERVER_DONE : SERVER_FAILED;
}

enum server ask_server(const char *state, const struct words *words, int gate)
{
    struct buffer text = {0};
    enum server answer = SERVER_NONE;
    char *here = getcwd(NULL, 0);
    int fd = here ? connect_to(concat(state, "/serve", NULL)) : -1;
    if (fd < 0)
        return answer;
    add_bytes(&text, here, strlen(here) + 1);
    for (size_t i = 0; i < words->count; i++)
        add_bytes(&text, words->items[i], strlen(words->items[i]) + 1);
    if (send_question(fd, &text, gate))
        answer = read_answer(fd);
    close(fd);
    return answer;
}
