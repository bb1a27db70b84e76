/* Dependency files: the compiler writes one that names the unit, the user gets one that names the source. */
#ifndef TRAMP_DEPFILE_H
#define TRAMP_DEPFILE_H

#include "parse.h"
#include "unit.h"

/* Where the compiler would write the dependencies of this compile of one source; NULL without any. */
char *depfile_path(const struct command *command);

/* Makes the words of the call (as in the expanded command) write to `detour` instead: a call that is killed leaves no file
   that names the unit. */
void redirect_depfile(struct words *words, const struct command *command, char *detour);

/* Puts the finished file in its place; false with errno. */
bool deliver_depfile(const char *path, const struct unit *unit, const char *source);

#endif
