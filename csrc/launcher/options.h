/* The compilers' options, as data. */
#ifndef TRAMP_OPTIONS_H
#define TRAMP_OPTIONS_H

#include "log.h"

#include <stdbool.h>
#include <stddef.h>

enum shape {
    WORD = 0,        /* -c */
    SEPARATE = 1,    /* -MF FILE: the next word is the argument */
    JOINED = 2,      /* -std=c11, -xc: the rest of the word is the argument */
    EITHER = 3,      /* -oFILE or -o FILE */
    PREFIX_PAIR = 4, /* -Xarch_x86_64 OPTION: joined, and the next word belongs to it as well */
};

/* What an option means to us.  Most mean nothing: they stand in the table for their shape alone. */
enum meaning {
    MEANS_NOTHING,
    MEANS_COMPILE,
    MEANS_REFUSAL, /* the call is run as it is; the option's `refusal` says why */
    MEANS_OUTPUT,
    MEANS_LANGUAGE,
    MEANS_DEPENDENCIES, /* -MD, -MMD */
    MEANS_DEPFILE,      /* -MF */
    MEANS_DUMP_NAME,    /* changes the names of what is written beside the object */
    MEANS_STANDARD,
    MEANS_MACRO,
    MEANS_ANSI,
    MEANS_STDLIB,
    MEANS_COLOR,
    MEANS_DIAGNOSTICS_FORMAT,
    MEANS_FOR_PREPROCESSOR, /* -Wp,... */
    MEANS_FOR_TOOL,         /* -Xclang, -Xpreprocessor */
    MEANS_LIBRARY,
    MEANS_LIBRARY_PATH,
    MEANS_FOR_LINKER, /* -Wl,... */
    MEANS_XLINKER,
    MEANS_STATIC,
    MEANS_STATIC_RUNTIME,
    MEANS_RELOCATABLE,
};

struct option {
    const char *name;
    enum shape shape;
    enum meaning meaning;
    enum outcome refusal;
};

extern const struct option option_table[];
extern const size_t option_count;

/* The entry that `word` is spelled by: an exact match, else the longest joined one; NULL for options that are not in the
   table (all of them single words). */
const struct option *find_option(const char *word);

/* The argument inside `word` itself; NULL where it is the next word. */
const char *joined_argument(const struct option *option, const char *word);

/* Whether the next word belongs to this one. */
bool takes_next(const struct option *option, const char *word);

#endif
