/* python_side.h: everything of the barrier that talks to Python.
 *
 * It is C on purpose.  A daemon thread may be ended by forced unwinding in any of these functions, without the GIL; destructors that
 * release references would then run Python code in a thread that must not.  C has none: what was held then is leaked. */
#ifndef TRAMP_PYTHON_SIDE_H
#define TRAMP_PYTHON_SIDE_H

#ifndef Py_LIMITED_API
#  define Py_LIMITED_API 0x03080000
#endif
#include <Python.h>

#include "defs.h"

#ifdef __cplusplus
extern "C" {
#endif

/* panic.c */

/* The last resort: says what happened in which method (may be NULL) and aborts. */
__attribute__((noreturn)) TRAMP_COLD void tramp_panic(const char *method, const char *what);

/* thread_state.c */

/* Makes sure that this thread has a thread state attached: if the method has released it (Py_BEGIN_ALLOW_THREADS) the one that it
 * had on entry.  `frame` is an address in the frame of the trampoline.  May not return: at the end of the interpreter CPython ends
 * daemon threads here. */
TRAMP_COLD void tramp_attach(const char *method, const void *frame);

/* registry.c */

/* A shared object: what dladdr says of an address in it. */
struct tramp_module {
    const void *base; /* NULL: not known, no registration is its own */
    const char *file;
};

struct tramp_record {
    const struct tramp_record *next;
    const void *where; /* NULL once it is forgotten; use the atomic builtins */
    const void *base;
    const char *file;
    const struct tramp_exception *table; /* or NULL: a translator */
    int (*translate)(void *);
    void *data;
};

TRAMP_COLD struct tramp_module tramp_module_of(const void *address);
/* The record of the module that follows `after` (NULL: the first), newest first, or NULL. */
TRAMP_COLD const struct tramp_record *tramp_next_record(const struct tramp_module *module, const struct tramp_record *after);

/* exceptions.c: all with the thread state attached */

/* What was read out of a C++ exception. */
struct tramp_facts {
    PyObject *type;           /* borrowed: the built-in exception */
    PyObject *text;           /* its what(), or a text that names its type; NULL if there was no memory */
    int own_text;             /* `text` is its what() */
    int has_code;             /* `code` is an errno */
    int code;
    PyObject *path, *path2;   /* of a filesystem_error, else NULL */
};

void tramp_clear_facts(struct tramp_facts *facts);
/* `text` as str, whatever bytes it has; NULL without memory, with no error set. */
PyObject *tramp_text(const char *text);
/* As tramp_text, decoded as a file name. */
PyObject *tramp_file_name(const char *name, size_t length);

/* The pending error as an instance with its traceback, and none pending any more.  NULL if there was none. */
PyObject *tramp_take_error(void);
/* Makes `error` (stolen) pending, as when it is raised: what is being handled becomes its context. */
void tramp_raise(PyObject *error);
/* Makes an error that was taken (stolen) pending again.  What the C++ exception says becomes a note, where Python has notes (3.11) and
 * the error does not say it already. */
void tramp_put_back(PyObject *error, const struct tramp_facts *facts);

/* A pending error as it stands, and none pending any more. */
struct tramp_pending {
    PyObject *type, *value, *traceback;
};

void tramp_set_aside(struct tramp_pending *pending);
void tramp_bring_back(const struct tramp_pending *pending);
/* Hands `error` (stolen) to sys.unraisablehook.  With it goes the type of `self`, or `self` if it is a module; where that is NULL,
 * `name`. */
void tramp_report(PyObject *error, PyObject *self, const char *name);

/* A new exception of this type; NULL with an error set. */
PyObject *tramp_new_exception(PyObject *type, const struct tramp_facts *facts);
/* The same, of the type at the end of a path: "ValueError", "geo.errors.ParseError". */
PyObject *tramp_new_named_exception(const char *path, const struct tramp_facts *facts);
/* `error`.__cause__ = `cause` (stolen).  0, and nothing changed, if it has one already. */
int tramp_set_cause(PyObject *error, PyObject *cause);

#ifdef __cplusplus
}
#endif
#endif
