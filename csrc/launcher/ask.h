/* Sources with rows that macros make: what they are with the flags of this call, only the preprocessor can tell. */
#ifndef TRAMP_ASK_H
#define TRAMP_ASK_H

#include "call.h"
#include "index.h"

/* Preprocesses what the index has for that (`found`, ACTION_ASK) and returns what is to be compiled in the place of `source`.  Python reads
   the answer, unless the same has been answered before: a sum of all that the preprocessor has said stands for flags, headers and
   environment, but for a file that has changed since (`again`).  Where there is no answer, what the index knows without one, and in
   strict mode ACTION_UNKNOWN. */
struct record ask_preprocessor(const struct call *call, const struct source *source, const char *path, const struct stat *status,
                               struct record found, bool again);

#endif
