/* One call of the launcher, in all its parts. */
#ifndef TRAMP_CALL_H
#define TRAMP_CALL_H

#include "parse.h"

struct call {
    char **original;        /* CC ARGS... as given */
    size_t compiler;        /* index of the compiler in it */
    struct words arguments; /* what follows the compiler, response files expanded */
    struct command command;
    const char *state; /* absolute */
    bool state_given;  /* by option or environment, not derived from the output */
};

#endif
