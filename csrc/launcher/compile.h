/* A compile of one C or C++ source. */
#ifndef TRAMP_COMPILE_H
#define TRAMP_COMPILE_H

#include "parse.h"

/* A call in all its parts. */
struct call {
    char **original;        /* CC ARGS... as given */
    size_t compiler;        /* index of the compiler in it */
    struct words arguments; /* what follows the compiler, response files expanded */
    struct command command;
    const char *state; /* absolute */
    bool state_given;  /* by option or environment, not derived from the output */
};

_Noreturn void compile(const struct call *call);

#endif
