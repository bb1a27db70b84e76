/* The command line before its options are looked at: which word is the compiler, and what stands in response files. */
#ifndef TRAMP_ARGS_H
#define TRAMP_ARGS_H

#include "util.h"

/* The index of the compiler in CC ARGS...: 0, or what follows ccache, sccache, distcc and the like.  `argv` is not empty; a
   launcher that is called for its own sake (`ccache --version`) is the compiler itself. */
size_t find_compiler(char *const *argv);

/* Whether the driver takes a .c file as C++. */
bool is_cxx_driver(const char *compiler);

/* Whether the driver is called clang; one that is clang under another name is not known to be. */
bool is_clang(const char *compiler);

/* The words after the compiler with every @file in place of its name replaced by its words, as gcc and clang do it: blanks
   separate, quotes and backslashes quote.  False where a file can not be read or is nested without end. */
bool expand_arguments(struct words *result, char *const *argv);

#endif
