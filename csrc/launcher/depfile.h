/* Dependency files: the compiler writes one that names the unit, the user gets one that names the source. */
#ifndef TRAMP_DEPFILE_H
#define TRAMP_DEPFILE_H

#include "parse.h"
#include "unit.h"

/* Where the compiler would write the dependencies of this compile of one source; NULL without any. */
char *depfile_path(const struct command *command);

/* Where it is to write them instead.  A name of its own, so that a call that is killed leaves no wrong file, and the same
   one every time, so that a compiler cache sees the same command. */
char *depfile_detour(const struct command *command, const char *path);

/* Makes the words of the call (`items` as in the expanded command) write to `detour`. */
void redirect_depfile(struct words *words, const struct command *command, char *detour);

/* Puts the finished file in its place; false with errno. */
bool deliver_depfile(const char *detour, const char *path, const struct unit *unit, const char *source);

#endif
