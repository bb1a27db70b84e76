/* The Python side, asked when the index knows nothing of a source, and the state directory that both sides share. */
#ifndef TRAMP_PREPARE_H
#define TRAMP_PREPARE_H

#include "index.h"
#include "parse.h"

/* Runs tramp_build.compile on one source; afterwards the index knows it in this language (index.h).  Concurrent calls for one source
   wait for each other.  `again`: what the index knows is out of date.  `answer`: the file with what the preprocessor has said, or
   NULL.  False where it failed. */
bool prepare_source(const char *state, const char *path, const struct stat *status, const char *language, const char *answer, bool again);

/* The same for a source that puts others together, in a build that has more of those: the process takes the turns of the others that
   nobody else asks about at this moment (STATE/locks, tramp_build.unity), and prepares them as well.  A call for one of those waits
   for its turn.  Until it knows which they are, nobody else starts such a process. */
bool prepare_together(const char *state, const char *path, const struct stat *status, const char *language);

/* A hook may prepare its sources while the build begins: STATE/preparing is locked as long as that goes on, STATE/preparing.list has
   its sources (tramp_build.ahead).  Returns what the index says, and waits for it where `path` is one of them. */
struct record look_up_or_wait(const char *state, const char *path, const struct stat *status, const char *language);

/* Makes a state directory with a conf, by the interpreter beside this program or on PATH. */
bool create_state(const char *state);

#endif
