/* For LD_PRELOAD: an allocator that fails from one allocation of a thread to another, counted from where it was told to. */
#define _GNU_SOURCE
#include <errno.h>
#include <stddef.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);

/* Not allocated on first use. */
static __thread long count __attribute__((tls_model("initial-exec")));
static __thread long first __attribute__((tls_model("initial-exec")));
static __thread long last __attribute__((tls_model("initial-exec")));

/* The allocations `from` to `to` fail; from 0: none does.  Returns how many there were since the last time. */
long fail_allocations(long from, long to)
{
    long seen = count;
    count = 0;
    first = from;
    last = to;
    return seen;
}

static int fails(void)
{
    count++;
    if (first == 0 || count < first || count > last)
        return 0;
    errno = ENOMEM;
    return 1;
}

void *malloc(size_t size) { return fails() ? NULL : __libc_malloc(size); }
void *calloc(size_t number, size_t size) { return fails() ? NULL : __libc_calloc(number, size); }
void *realloc(void *memory, size_t size) { return fails() ? NULL : __libc_realloc(memory, size); }
