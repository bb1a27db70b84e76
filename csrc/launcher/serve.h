/* The process of a hook that has prepared a project and answers launchers since (tramp_build.serve). */
#ifndef TRAMP_SERVE_H
#define TRAMP_SERVE_H

#include "util.h"

enum server {
    SERVER_DONE,
    SERVER_FAILED, /* it has said why */
    SERVER_NONE,   /* nobody has answered */
};

/* Sends our directory, the words, our stderr and (where it is not negative) the gate over the socket STATE/serve, and waits.

   A stream: the directory and each word with a NUL, then the end of what is sent; the descriptors go with the first byte.  The answer
   is the exit code as one byte; none where whoever was to answer has died. */
enum server ask_server(const char *state, const struct words *words, int gate);

#endif
