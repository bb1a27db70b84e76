/* Sources that only put others together, by their absolute paths: what build systems make for unity builds, in the build directory. */
#ifndef TRAMP_UNITY_H
#define TRAMP_UNITY_H

#include "util.h"

/* Whether a file of this text includes a source by an absolute path that the index, for this language, says something of; or, where it
   says nothing, one that may have tables. */
bool includes_tables(const struct view *view, const char *state, const char *language);

/* Whether there may be in a text what a table of functions, or the definition of a module, has in it. */
bool might_have_tables(const struct view *view);

#endif
