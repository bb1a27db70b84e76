/* A compiler command, classified. */
#ifndef TRAMP_PARSE_H
#define TRAMP_PARSE_H

#include "log.h"
#include "util.h"

enum language {
    LANGUAGE_NONE,
    LANGUAGE_C,
    LANGUAGE_CXX,
    /* Against a limited API without METH_FASTCALL (before 3.10): the same language, another rewritten text. */
    LANGUAGE_C_LIMITED,
    LANGUAGE_CXX_LIMITED,
    LANGUAGE_OTHER
};

/* How the call names the file that its dependencies go to. */
enum depfile_form {
    DEPFILE_NONE,
    DEPFILE_DERIVED,  /* -MD: from the output */
    DEPFILE_SEPARATE, /* -MF FILE */
    DEPFILE_JOINED,   /* -MFFILE */
    DEPFILE_WP,       /* -Wp,-MD,FILE */
};

/* A C or C++ source among the inputs. */
struct source {
    const char *path;
    size_t index; /* into the words */
    enum language language;
};

/* What the words of a call come to.  Indices are into the expanded words, compiler not among them; SIZE_MAX: none. */
struct command {
    enum outcome refusal; /* OUTCOME_NONE: the sources may be replaced, and exactly one of them is compiled or all are linked */
    bool compiling;       /* -c */
    bool linking;         /* no option stops before the link */
    struct source *sources;
    size_t source_count;
    const char *output; /* as given by -o, or NULL */
    enum depfile_form depfile_form;
    size_t depfile_index;
    const char *depfile; /* as given, or NULL */
    bool color_given;
    bool no_assembly; /* an option is about how functions are made, or which processor for: no code but the compiler's own fits */
    /* For links: */
    struct words inputs;                   /* all of them, sources too, and what -Wl, and -Xlinker name */
    struct words libraries, library_paths; /* -l and -L, without these letters */
    bool static_link, static_runtime, relocatable;
};

const char *language_name(enum language language);

/* Whether a compiler takes a file of this name for C or C++. */
bool is_source(const char *path);

/* Never fails: what is not understood is a refusal. */
void parse_command(struct command *command, const struct words *words, bool cxx_driver);

#endif
