/* panic.c: the end of a process in which nothing sane is left to do. */
#include "python_side.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void say(const char *text)
{
    size_t left = strlen(text);

    while (left > 0) {
        ssize_t written = write(STDERR_FILENO, text, left);
        if (written <= 0)
            return;
        text += written;
        left -= (size_t)written;
    }
}

/* Neither stdio nor Python: the state of both is unknown. */
void tramp_panic(const char *method, const char *what)
{
    say("tramp-build: fatal: ");
    if (method != NULL) {
        say("method ");
        say(method);
        say(": ");
    }
    say(what);
    say("\n");
    abort();
}
