/* defs.h: the macros and type names that all parts of both libraries share. */
#ifndef TRAMP_DEFS_H
#define TRAMP_DEFS_H

/* Everything else is hidden by the compiler option, and by the version script once more.  In the static archives nothing is exported:
 * the module that takes them in must not offer them to others. */
#ifdef TRAMP_STATIC
#  define TRAMP_API __attribute__((visibility("hidden")))
#endif
#define TRAMP_ABI
#include "tramp.h"

typedef struct _object PyObject;
typedef struct _typeobject PyTypeObject;

/* Off the hot path: own section, never inlined. */
#define TRAMP_COLD __attribute__((cold, noinline))

/* Takes the parentheses off a list that went through a macro argument. */
#define TRAMP_EXPAND(...) __VA_ARGS__

#endif
