/* What is compiled in place of a source: a copy of the rewritten text that says it is the source.

   The copy can not lie beside the source (nothing in the user's tree is ever changed), so the compiler would look for
   quote includes in the wrong directory.  -iquote does not help: it would hold for every header as well, and a header from
   elsewhere that includes "config.h" could get another one than it does now.  Therefore the includes themselves are made
   exact.  The body has a mark in front of every name that is searched for from the source's own directory, and where
   the file is there, the name becomes a path.  Of a source that was given by an absolute path: the one that the compiler would
   have made.  Of any other: the way from the unit to the working directory and from there to the file, which begins with
   something that nothing else begins with and so can be turned back in messages, in dependencies and (-ffile-prefix-map) in
   __FILE__ and debug information.

   A file that the source includes may be rewritten as well.  Its name is then marked with what stands for it, and its copy lies
   beside that of the source, for this call only: two units may need it differently.  What a marked name looks like:

       tramp-build:NAME                          from the directory of the source
       tramp-build:DIRECTORY/|NAME               from a directory that is named from there: in the copy of an included file
       tramp-build:@BODY:SIZE:MTIME/PATH         the copy of PATH, if that still has this size and time (in ns)
       tramp-build:=SIZE:MTIME/PATH              nothing, if the absolute PATH still has this size and time

   DIRECTORY and PATH may be absolute: what is included by an absolute path may be rewritten as well.

   The copy lies beside the output and is named from the working directory, so that no command and no object depends on where
   the tree is: compiler caches hit, and builds in two places make the same.  It is gone when the call ends. */
#ifndef TRAMP_UNIT_H
#define TRAMP_UNIT_H

#include "parse.h"

#define INCLUDE_MARK "tramp-build:"
/* In front of the name of a function that has a second entry (tramp_build/upgrade/entries.py). */
#define ENTRY_PREFIX "tramp_v_"

struct unit {
    char *path;    /* as given to the compiler: DIRECTORY OF THE OUTPUT/.tramp-build/NAME/a.c */
    char *prefix;  /* the directory part of it, slash included; nothing else is in there but `depfile` */
    char *depfile; /* where the compiler is to write dependencies; the same each time, so that caches see the same command */
    char *source_prefix;         /* of the source as spelled: "src/", or "" */
    char *sibling_prefix;        /* what leads to the working directory, slash included, or NULL where names need no turning back */
    const char *sibling_spelled; /* what it is turned back into: "", or "./" where clang says that */
    struct words parts, spelled; /* the files that are rewritten with the source: as the compiler names the copies, and would the originals */
    bool stale; /* a file that is rewritten with the source has changed since */
};

/* Writes the unit of `source` from the body that `name` names, for a call with this output (NULL: none given).  NULL is success,
   else a text that says what is wrong; nothing is left of the unit then, and `stale` tells whether to ask again.  `assembly`: stubs may
   be in it, as far as the compiler can (tramp_build/rewrite/groups.py). */
const char *make_unit(struct unit *unit, const char *state, const char *name, const char *output, const struct source *source,
                      const struct stat *status, bool clang, bool assembly);

/* Removes it, its parts, its dependencies, and the directories if they are empty then. */
void remove_unit(const struct unit *unit);

/* Writes paths and names of functions back as the user spelled them. */
void restore_names(const struct unit *unit, const char *source, struct buffer *text);

#endif
