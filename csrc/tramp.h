/* tramp.h: what libtramp and libtramp-cxx offer.
 *
 * Two kinds of reader:
 *
 *  - A project that is built through tramp-build needs this header for one thing only: to say in C++ how its own exceptions become
 *    Python exceptions (`tramp::translator`, at the end).  Where a line of configuration does, there is no need for it at all.
 *  - The code that tramp-build inserts into a translation unit follows the declarations below, but carries its own copies, so that no
 *    build has to find this file.  Where both are in one unit, the declarations agree; the structures could be defined only once,
 *    so this header defines them on request: #define TRAMP_ABI before it is included.
 *
 * The header includes nothing, Python.h neither: it may come first in any translation unit, before PY_SSIZE_T_CLEAN or Py_LIMITED_API
 * are defined, and inside no namespace.  C99 and later, C++11 and later, gcc and clang.
 *
 * Contracts, which are three and not one:
 *
 *  - names and signatures below: fixed within a release (the SONAME and the symbol version carry it: libtramp-1.2.0.so, TRAMP_1.2.0);
 *  - the layout of the structures: the same;
 *  - signatures.def: which method convention, and which slot, goes through which function.
 *
 * Every trampoline calls the implementation exactly once, passes its arguments on untouched, and hands its result back untouched.
 * The tramp_* ones (libtramp) do nothing else.  The tramp_cxx_* ones (libtramp-cxx) add the barrier: a C++ exception that leaves the
 * implementation becomes a Python exception, and the trampoline returns the failure value of its signature with that exception set.
 * Slots that can not raise have rules of their own, given with each.
 */
#ifndef TRAMP_H
#define TRAMP_H

/* Also where -fvisibility=hidden or a pragma would have it otherwise: these are other libraries' functions. */
#ifndef TRAMP_API
#  define TRAMP_API __attribute__((visibility("default")))
#endif

struct _object;     /* PyObject */
struct _typeobject; /* PyTypeObject */

#ifdef __cplusplus
extern "C" {
#endif

/** Py_ssize_t; both are as wide as a pointer (PEP 353). */
typedef __PTRDIFF_TYPE__ tramp_ssize;

/* ------------------------------------------------------------------------------------------------------------------------------ */
/* Implementations: the functions as the project wrote them (docs.python.org/3/c-api/structures.html, "Implementing functions and   */
/* methods").                                                                                                                       */
/* ------------------------------------------------------------------------------------------------------------------------------ */

/** PyCFunction: METH_NOARGS, METH_O and METH_VARARGS. */
typedef struct _object *tramp_function(struct _object *self, struct _object *args);
/** PyCFunctionWithKeywords: METH_VARARGS | METH_KEYWORDS. */
typedef struct _object *tramp_function_keywords(struct _object *self, struct _object *args, struct _object *kwargs);
/** PyCFunctionFast: METH_FASTCALL. */
typedef struct _object *tramp_function_fastcall(struct _object *self, struct _object *const *args, tramp_ssize nargs);
/** PyCFunctionFastWithKeywords: METH_FASTCALL | METH_KEYWORDS. */
typedef struct _object *tramp_function_fastcall_keywords(
    struct _object *self, struct _object *const *args, tramp_ssize nargs, struct _object *kwnames);
/** PyCMethod: METH_METHOD | METH_FASTCALL | METH_KEYWORDS (3.9). */
typedef struct _object *tramp_function_method(
    struct _object *self, struct _typeobject *cls, struct _object *const *args, tramp_ssize nargs, struct _object *kwnames);
/** getter: the member `get` of PyGetSetDef. */
typedef struct _object *tramp_getter(struct _object *self, void *closure);
/** setter: the member `set` of PyGetSetDef; `value` is NULL where the attribute is deleted. */
typedef int tramp_setter(struct _object *self, struct _object *value, void *closure);

/* Those of slots (docs.python.org/3/c-api/typeobj.html).  One type stands for all names that CPython has for it: reprfunc, getiterfunc
 * and iternextfunc are a unaryfunc, getattrofunc is a binaryfunc, descrgetfunc a ternaryfunc, hashfunc a lenfunc; setattrofunc,
 * descrsetfunc and initproc are an objobjargproc.  Two have no name without Python.h: `view` is a Py_buffer *, and what a sendfunc
 * returns is a PySendResult.  The stub casts the function then; the call is the same. */

/** size_t. */
typedef __SIZE_TYPE__ tramp_size;
typedef __UINT64_TYPE__ tramp_shape;
struct PyModuleDef;
/** visitproc. */
typedef int tramp_visitproc(struct _object *object, void *arg);
typedef struct _object *tramp_unaryfunc(struct _object *self);
typedef struct _object *tramp_binaryfunc(struct _object *self, struct _object *arg);
typedef struct _object *tramp_ternaryfunc(struct _object *self, struct _object *arg, struct _object *arg2);
typedef struct _object *tramp_richcmpfunc(struct _object *self, struct _object *arg, int op);
typedef struct _object *tramp_ssizeargfunc(struct _object *self, tramp_ssize index);
typedef struct _object *tramp_getattrfunc(struct _object *self, char *attr);
typedef struct _object *tramp_newfunc(struct _typeobject *type, struct _object *args, struct _object *kwargs);
typedef struct _object *tramp_vectorcallfunc(
    struct _object *self, struct _object *const *args, tramp_size nargsf, struct _object *kwnames);
typedef tramp_ssize tramp_lenfunc(struct _object *self);
typedef int tramp_inquiryfunc(struct _object *self);
typedef int tramp_objobjproc(struct _object *self, struct _object *arg);
typedef int tramp_objobjargproc(struct _object *self, struct _object *arg, struct _object *value);
typedef int tramp_ssizeobjargproc(struct _object *self, tramp_ssize index, struct _object *value);
typedef int tramp_setattrfunc(struct _object *self, char *attr, struct _object *value);
typedef int tramp_getbufferproc(struct _object *self, void *view, int flags);
typedef void tramp_releasebufferproc(struct _object *self, void *view);
typedef int tramp_sendfunc(struct _object *self, struct _object *arg, struct _object **sent);
typedef int tramp_traverseproc(struct _object *self, tramp_visitproc *visit, void *arg);
typedef void tramp_destructor(struct _object *self);
typedef void tramp_freefunc(void *module);
/** Py_mod_create. */
typedef struct _object *tramp_createfunc(struct _object *spec, struct PyModuleDef *def);
/** PyInit_*, and PyModExport_* (3.15), which returns a pointer of another type. */
typedef struct _object *tramp_initfunc(void);

struct tramp_method_def;
struct tramp_by_tuple_def;
struct tramp_by_tuple_keywords_def;
struct tramp_getset;
struct tramp_exception;

#ifdef TRAMP_ABI

/** What tramp_method calls.  A pointer to it takes the place of `impl` and `name`: with both there would be a seventh argument, which
 *  goes over the stack on x86-64, and the stub could not be a tail call any more. */
struct tramp_method_def {
    /** The method itself. */
    tramp_function_method *impl;
    /** As it stands in the method table; for messages. */
    const char *name;
};

/** What tramp_by_tuple calls: `route` with `impl` behind the arguments. */
struct tramp_by_tuple_def {
    tramp_function *impl;
    /** tramp_varargs or tramp_cxx_varargs. */
    struct _object *(*route)(struct _object *self, struct _object *args, tramp_function *impl, const char *name);
    const char *name;
};

/** What tramp_by_tuple_keywords calls. */
struct tramp_by_tuple_keywords_def {
    tramp_function_keywords *impl;
    /** tramp_keywords or tramp_cxx_keywords. */
    struct _object *(*route)(
        struct _object *self, struct _object *args, struct _object *kwargs, tramp_function_keywords *impl, const char *name);
    const char *name;
};

/** What the `closure` of a routed PyGetSetDef row points to. */
struct tramp_getset {
    /** The getter of the row; may be NULL if the row has none, `get` of the row is then NULL as well. */
    tramp_getter *get;
    /** The setter of the row; may be NULL if the row has none, `set` of the row is then NULL as well. */
    tramp_setter *set;
    /** The row's own closure: passed to both. */
    void *closure;
    /** As it stands in the table; for messages. */
    const char *name;
};

/** One line of the `exceptions` table of the configuration. */
struct tramp_exception {
    /** A C++ type as people write it: "geo::ParseError".  Derived types are meant as well.  NULL ends a table. */
    const char *type;
    /** The Python exception: the name of a built-in one, or a dotted path ("geo.errors.ParseError") that is imported when needed. */
    const char *python;
};

#endif /* TRAMP_ABI */

/* ------------------------------------------------------------------------------------------------------------------------------ */
/* Trampolines of libtramp.  `impl` is called with the arguments before it; `name` is for messages and is never freed.              */
/* All return NULL with a Python exception set on failure, tramp_set returns -1.                                                    */
/* ------------------------------------------------------------------------------------------------------------------------------ */

/** METH_NOARGS; `ignored` is NULL (CPython passes it so) and passed on. */
TRAMP_API struct _object *tramp_noargs(struct _object *self, struct _object *ignored, tramp_function *impl, const char *name);
/** METH_O; `arg` is the one argument, borrowed. */
TRAMP_API struct _object *tramp_o(struct _object *self, struct _object *arg, tramp_function *impl, const char *name);
/** METH_VARARGS; `args` is a tuple, borrowed. */
TRAMP_API struct _object *tramp_varargs(struct _object *self, struct _object *args, tramp_function *impl, const char *name);
/** METH_VARARGS | METH_KEYWORDS; `kwargs` is a dict or NULL. */
TRAMP_API struct _object *tramp_keywords(
    struct _object *self, struct _object *args, struct _object *kwargs, tramp_function_keywords *impl, const char *name);
/** METH_FASTCALL; `args` has `nargs` borrowed references. */
TRAMP_API struct _object *tramp_fastcall(
    struct _object *self, struct _object *const *args, tramp_ssize nargs, tramp_function_fastcall *impl, const char *name);
/** METH_FASTCALL | METH_KEYWORDS; `kwnames` is a tuple of str or NULL, their values follow the positional ones in `args`. */
TRAMP_API struct _object *tramp_fastcall_keywords(struct _object *self, struct _object *const *args, tramp_ssize nargs,
    struct _object *kwnames, tramp_function_fastcall_keywords *impl, const char *name);
/** A METH_VARARGS method that was made to take a vector: METH_FASTCALL | METH_KEYWORDS, where keywords raise the TypeError that they
 *  raised before, in the words of the running CPython. */
TRAMP_API struct _object *tramp_positional(struct _object *self, struct _object *const *args, tramp_ssize nargs,
    struct _object *kwnames, tramp_function_fastcall *impl, const char *name);
/** METH_METHOD | METH_FASTCALL | METH_KEYWORDS; `cls` is the class that defines the method. */
TRAMP_API struct _object *tramp_method(struct _object *self, struct _typeobject *cls, struct _object *const *args, tramp_ssize nargs,
    struct _object *kwnames, const struct tramp_method_def *def);
/** The `get` of a routed PyGetSetDef row; `closure` points to a struct tramp_getset.  Returns a new reference. */
TRAMP_API struct _object *tramp_get(struct _object *self, void *closure);
/** The `set` of a routed PyGetSetDef row; `closure` points to a struct tramp_getset.  Returns 0, or -1 on failure. */
TRAMP_API int tramp_set(struct _object *self, struct _object *value, void *closure);

/* ------------------------------------------------------------------------------------------------------------------------------ */
/* Slots: libtramp.  A stub passes the arguments of the slot, then the function, then a name for messages such as                 */
/* "geo.Point.tp_repr", which is never freed.  signatures.def lists which slot goes through which.                                */
/* ------------------------------------------------------------------------------------------------------------------------------ */

/** tp_repr, tp_str, tp_iter, numbers with one operand, am_await and its like. */
TRAMP_API struct _object *tramp_unary(struct _object *self, tramp_unaryfunc *impl, const char *name);
/** tp_iternext: NULL without an error is the end. */
TRAMP_API struct _object *tramp_iternext(struct _object *self, tramp_unaryfunc *impl, const char *name);
/** Numbers with two operands, sq_concat, mp_subscript, tp_getattro. */
TRAMP_API struct _object *tramp_binary(struct _object *self, struct _object *arg, tramp_binaryfunc *impl, const char *name);
/** nb_power, tp_call, tp_descr_get. */
TRAMP_API struct _object *tramp_ternary(
    struct _object *self, struct _object *arg, struct _object *arg2, tramp_ternaryfunc *impl, const char *name);
/** tp_richcompare. */
TRAMP_API struct _object *tramp_richcmp(
    struct _object *self, struct _object *arg, int op, tramp_richcmpfunc *impl, const char *name);
/** sq_item, sq_repeat. */
TRAMP_API struct _object *tramp_ssizearg(struct _object *self, tramp_ssize index, tramp_ssizeargfunc *impl, const char *name);
/** tp_getattr. */
TRAMP_API struct _object *tramp_getattr(struct _object *self, char *attr, tramp_getattrfunc *impl, const char *name);
/** tp_new. */
TRAMP_API struct _object *tramp_new(
    struct _typeobject *type, struct _object *args, struct _object *kwargs, tramp_newfunc *impl, const char *name);
/** tp_vectorcall, and what stands at tp_vectorcall_offset. */
TRAMP_API struct _object *tramp_vectorcall(struct _object *self, struct _object *const *args, tramp_size nargsf,
    struct _object *kwnames, tramp_vectorcallfunc *impl, const char *name);
/** sq_length, mp_length, tp_hash; -1 on failure. */
TRAMP_API tramp_ssize tramp_len(struct _object *self, tramp_lenfunc *impl, const char *name);
/** nb_bool; -1 on failure. */
TRAMP_API int tramp_inquiry(struct _object *self, tramp_inquiryfunc *impl, const char *name);
/** sq_contains; -1 on failure. */
TRAMP_API int tramp_objobj(struct _object *self, struct _object *arg, tramp_objobjproc *impl, const char *name);
/** mp_ass_subscript, tp_setattro, tp_descr_set, tp_init; -1 on failure. */
TRAMP_API int tramp_objobjarg(
    struct _object *self, struct _object *arg, struct _object *value, tramp_objobjargproc *impl, const char *name);
/** sq_ass_item; -1 on failure. */
TRAMP_API int tramp_ssizeobjarg(
    struct _object *self, tramp_ssize index, struct _object *value, tramp_ssizeobjargproc *impl, const char *name);
/** tp_setattr; -1 on failure. */
TRAMP_API int tramp_setattr(struct _object *self, char *attr, struct _object *value, tramp_setattrfunc *impl, const char *name);
/** bf_getbuffer; -1 on failure. */
TRAMP_API int tramp_getbuffer(struct _object *self, void *view, int flags, tramp_getbufferproc *impl, const char *name);
/** bf_releasebuffer. */
TRAMP_API void tramp_releasebuffer(struct _object *self, void *view, tramp_releasebufferproc *impl, const char *name);
/** am_send; PYGEN_ERROR, which is -1, on failure. */
TRAMP_API int tramp_send(struct _object *self, struct _object *arg, struct _object **sent, tramp_sendfunc *impl, const char *name);
/** tp_dealloc, tp_del. */
TRAMP_API void tramp_dealloc(struct _object *self, tramp_destructor *impl, const char *name);
/** tp_finalize. */
TRAMP_API void tramp_finalize(struct _object *self, tramp_destructor *impl, const char *name);
/** tp_traverse, m_traverse. */
TRAMP_API int tramp_traverse(struct _object *self, tramp_visitproc *visit, void *arg, tramp_traverseproc *impl, const char *name);
/** tp_clear, m_clear. */
TRAMP_API int tramp_clear(struct _object *self, tramp_inquiryfunc *impl, const char *name);
/** PyInit_* and PyModExport_*. */
TRAMP_API struct _object *tramp_module_init(tramp_initfunc *impl, const char *name);
/** Py_mod_create. */
TRAMP_API struct _object *tramp_module_create(
    struct _object *spec, struct PyModuleDef *def, tramp_createfunc *impl, const char *name);
/** Py_mod_exec; -1 on failure. */
TRAMP_API int tramp_module_exec(struct _object *module, tramp_inquiryfunc *impl, const char *name);
/** m_free. */
TRAMP_API void tramp_module_free(void *module, tramp_freefunc *impl, const char *name);

/* ------------------------------------------------------------------------------------------------------------------------------ */
/* Argument parsing for METH_FASTCALL: libtramp.  Each takes the vector that the method was called with in place of a tuple, and then */
/* what the function of CPython takes.  Results, stored values, errors and messages are those of that function; converters (`O&`) run */
/* at most once.  `args` may be NULL where `nargs` is 0.  References that are stored are borrowed from the vector.                   */
/* ------------------------------------------------------------------------------------------------------------------------------ */

/** PyArg_ParseTuple. */
TRAMP_API int tramp_parse(struct _object *const *args, tramp_ssize nargs, const char *format, ...);
/** PyArg_ParseTuple where PY_SSIZE_T_CLEAN is defined: `#` stores a Py_ssize_t. */
TRAMP_API int tramp_parse_sizet(struct _object *const *args, tramp_ssize nargs, const char *format, ...);
/** PyArg_ParseTupleAndKeywords; `kwnames` as in tramp_fastcall_keywords. */
TRAMP_API int tramp_parse_keywords(struct _object *const *args, tramp_ssize nargs, struct _object *kwnames, const char *format,
    char *const *keywords, ...);
/** PyArg_ParseTupleAndKeywords where PY_SSIZE_T_CLEAN is defined. */
TRAMP_API int tramp_parse_keywords_sizet(struct _object *const *args, tramp_ssize nargs, struct _object *kwnames, const char *format,
    char *const *keywords, ...);
/** PyArg_UnpackTuple. */
TRAMP_API int tramp_unpack(
    struct _object *const *args, tramp_ssize nargs, const char *name, tramp_ssize min, tramp_ssize max, ...);
/** The vector as a tuple: a new reference, NULL with an error set without memory. */
TRAMP_API struct _object *tramp_args_tuple(struct _object *const *args, tramp_ssize nargs);
/** PyArg_ParseTuple by a format of at most eight plain units.  `shape` tells them: in its lowest four bits how many there are, in the next
 *  four how many are required, above that seven bits for the letter of each, from the first on, with T for `O!`.  `outputs` has what follows
 *  the format, `format` is for what has to go by way of tramp_parse. */
TRAMP_API int tramp_parse_plain(struct _object *const *args, tramp_ssize nargs, const char *format, tramp_shape shape,
    const volatile void *const *outputs);
/** PyArg_ParseTupleAndKeywords by such a format, which has one unit at least. */
TRAMP_API int tramp_parse_plain_keywords(struct _object *const *args, tramp_ssize nargs, struct _object *kwnames, const char *format,
    char *const *keywords, tramp_shape shape, const volatile void *const *outputs);
/** PyArg_ParseTuple by the format that is the name, with T for `O!`: it takes a type and an output, any other unit an output.  `format` is
 *  for what has to go by way of tramp_parse. */
#define TRAMP_PARSES(name, ...) \
    TRAMP_API int tramp_p_##name(struct _object *const *args, tramp_ssize nargs, const char *format, __VA_ARGS__)
TRAMP_PARSES(I, volatile void *out0);
TRAMP_PARSES(O, volatile void *out0);
TRAMP_PARSES(T, const void *type0, volatile void *out0);
TRAMP_PARSES(d, volatile void *out0);
TRAMP_PARSES(i, volatile void *out0);
TRAMP_PARSES(n, volatile void *out0);
TRAMP_PARSES(s, volatile void *out0);
TRAMP_PARSES(OO, volatile void *out0, volatile void *out1);
TRAMP_PARSES(Oi, volatile void *out0, volatile void *out1);
TRAMP_PARSES(TT, const void *type0, volatile void *out0, const void *type1, volatile void *out1);
TRAMP_PARSES(dd, volatile void *out0, volatile void *out1);
TRAMP_PARSES(iO, volatile void *out0, volatile void *out1);
TRAMP_PARSES(ii, volatile void *out0, volatile void *out1);
TRAMP_PARSES(OOO, volatile void *out0, volatile void *out1, volatile void *out2);
TRAMP_PARSES(iii, volatile void *out0, volatile void *out1, volatile void *out2);
#undef TRAMP_PARSES
/** PyTuple_GetItem: borrowed from the vector, NULL with an IndexError set where there is no such argument. */
TRAMP_API struct _object *tramp_item(struct _object *const *args, tramp_ssize nargs, tramp_ssize index);

/* ------------------------------------------------------------------------------------------------------------------------------ */
/* Functions with two entries, one that takes a vector and the one that they had: libtramp.                                         */
/* ------------------------------------------------------------------------------------------------------------------------------ */

/** Calls a METH_VARARGS function's new entry for somebody who calls the old one.  `args` that is no tuple is the SystemError of
 *  PyArg_ParseTuple. */
TRAMP_API struct _object *tramp_by_vector(struct _object *self, struct _object *args, tramp_function_fastcall *impl);
/** The same for METH_VARARGS | METH_KEYWORDS; `kwargs` is a dict or NULL. */
TRAMP_API struct _object *tramp_by_vector_keywords(
    struct _object *self, struct _object *args, struct _object *kwargs, tramp_function_fastcall_keywords *impl);
/** Calls a METH_VARARGS function that has the old entry alone, its unit having been compiled as it is, for a row that says
 *  METH_FASTCALL | METH_KEYWORDS.  Keywords raise what they raised before. */
TRAMP_API struct _object *tramp_by_tuple(struct _object *self, struct _object *const *args, tramp_ssize nargs, struct _object *kwnames,
    const struct tramp_by_tuple_def *def);
/** The same for METH_VARARGS | METH_KEYWORDS. */
TRAMP_API struct _object *tramp_by_tuple_keywords(struct _object *self, struct _object *const *args, tramp_ssize nargs,
    struct _object *kwnames, const struct tramp_by_tuple_keywords_def *def);

/* ------------------------------------------------------------------------------------------------------------------------------ */
/* The same with the barrier: libtramp-cxx.                                                                                         */
/* ------------------------------------------------------------------------------------------------------------------------------ */

/** tramp_noargs with the barrier. */
TRAMP_API struct _object *tramp_cxx_noargs(struct _object *self, struct _object *ignored, tramp_function *impl, const char *name);
/** tramp_o with the barrier. */
TRAMP_API struct _object *tramp_cxx_o(struct _object *self, struct _object *arg, tramp_function *impl, const char *name);
/** tramp_varargs with the barrier. */
TRAMP_API struct _object *tramp_cxx_varargs(struct _object *self, struct _object *args, tramp_function *impl, const char *name);
/** tramp_keywords with the barrier. */
TRAMP_API struct _object *tramp_cxx_keywords(
    struct _object *self, struct _object *args, struct _object *kwargs, tramp_function_keywords *impl, const char *name);
/** tramp_fastcall with the barrier. */
TRAMP_API struct _object *tramp_cxx_fastcall(
    struct _object *self, struct _object *const *args, tramp_ssize nargs, tramp_function_fastcall *impl, const char *name);
/** tramp_fastcall_keywords with the barrier. */
TRAMP_API struct _object *tramp_cxx_fastcall_keywords(struct _object *self, struct _object *const *args, tramp_ssize nargs,
    struct _object *kwnames, tramp_function_fastcall_keywords *impl, const char *name);
/** tramp_positional with the barrier. */
TRAMP_API struct _object *tramp_cxx_positional(struct _object *self, struct _object *const *args, tramp_ssize nargs,
    struct _object *kwnames, tramp_function_fastcall *impl, const char *name);
/** tramp_method with the barrier. */
TRAMP_API struct _object *tramp_cxx_method(struct _object *self, struct _typeobject *cls, struct _object *const *args, tramp_ssize nargs,
    struct _object *kwnames, const struct tramp_method_def *def);
/** tramp_get with the barrier. */
TRAMP_API struct _object *tramp_cxx_get(struct _object *self, void *closure);
/** tramp_set with the barrier. */
TRAMP_API int tramp_cxx_set(struct _object *self, struct _object *value, void *closure);

/* ------------------------------------------------------------------------------------------------------------------------------ */
/* Slots with the barrier: libtramp-cxx.  What has to report an exception, since its caller can not be told, does so by           */
/* sys.unraisablehook, and what is pending when the exception arrives stays pending.                                              */
/* ------------------------------------------------------------------------------------------------------------------------------ */

/** tramp_unary with the barrier. */
TRAMP_API struct _object *tramp_cxx_unary(struct _object *self, tramp_unaryfunc *impl, const char *name);
/** tramp_iternext with the barrier. */
TRAMP_API struct _object *tramp_cxx_iternext(struct _object *self, tramp_unaryfunc *impl, const char *name);
/** tramp_binary with the barrier. */
TRAMP_API struct _object *tramp_cxx_binary(struct _object *self, struct _object *arg, tramp_binaryfunc *impl, const char *name);
/** tramp_ternary with the barrier. */
TRAMP_API struct _object *tramp_cxx_ternary(
    struct _object *self, struct _object *arg, struct _object *arg2, tramp_ternaryfunc *impl, const char *name);
/** tramp_richcmp with the barrier. */
TRAMP_API struct _object *tramp_cxx_richcmp(
    struct _object *self, struct _object *arg, int op, tramp_richcmpfunc *impl, const char *name);
/** tramp_ssizearg with the barrier. */
TRAMP_API struct _object *tramp_cxx_ssizearg(struct _object *self, tramp_ssize index, tramp_ssizeargfunc *impl, const char *name);
/** tramp_getattr with the barrier. */
TRAMP_API struct _object *tramp_cxx_getattr(struct _object *self, char *attr, tramp_getattrfunc *impl, const char *name);
/** tramp_new with the barrier. */
TRAMP_API struct _object *tramp_cxx_new(
    struct _typeobject *type, struct _object *args, struct _object *kwargs, tramp_newfunc *impl, const char *name);
/** tramp_vectorcall with the barrier. */
TRAMP_API struct _object *tramp_cxx_vectorcall(struct _object *self, struct _object *const *args, tramp_size nargsf,
    struct _object *kwnames, tramp_vectorcallfunc *impl, const char *name);
/** tramp_len with the barrier. */
TRAMP_API tramp_ssize tramp_cxx_len(struct _object *self, tramp_lenfunc *impl, const char *name);
/** tramp_inquiry with the barrier. */
TRAMP_API int tramp_cxx_inquiry(struct _object *self, tramp_inquiryfunc *impl, const char *name);
/** tramp_objobj with the barrier. */
TRAMP_API int tramp_cxx_objobj(struct _object *self, struct _object *arg, tramp_objobjproc *impl, const char *name);
/** tramp_objobjarg with the barrier. */
TRAMP_API int tramp_cxx_objobjarg(
    struct _object *self, struct _object *arg, struct _object *value, tramp_objobjargproc *impl, const char *name);
/** tramp_ssizeobjarg with the barrier. */
TRAMP_API int tramp_cxx_ssizeobjarg(
    struct _object *self, tramp_ssize index, struct _object *value, tramp_ssizeobjargproc *impl, const char *name);
/** tramp_setattr with the barrier. */
TRAMP_API int tramp_cxx_setattr(struct _object *self, char *attr, struct _object *value, tramp_setattrfunc *impl, const char *name);
/** tramp_getbuffer with the barrier.  Where there is an exception, NULL is stored in `view->obj`. */
TRAMP_API int tramp_cxx_getbuffer(struct _object *self, void *view, int flags, tramp_getbufferproc *impl, const char *name);
/** tramp_releasebuffer with the barrier.  An exception is reported, with the type of `self`. */
TRAMP_API void tramp_cxx_releasebuffer(struct _object *self, void *view, tramp_releasebufferproc *impl, const char *name);
/** tramp_send with the barrier.  Where there is an exception, NULL is stored in `*sent`. */
TRAMP_API int tramp_cxx_send(
    struct _object *self, struct _object *arg, struct _object **sent, tramp_sendfunc *impl, const char *name);
/** tramp_dealloc with the barrier.  An exception is reported, with `name` as a str: object and type may be gone. */
TRAMP_API void tramp_cxx_dealloc(struct _object *self, tramp_destructor *impl, const char *name);
/** tramp_finalize with the barrier.  An exception is reported, with the type of `self`. */
TRAMP_API void tramp_cxx_finalize(struct _object *self, tramp_destructor *impl, const char *name);
/** tramp_traverse with the barrier.  An exception ends the process, with a message: the garbage collector would take what was not
 *  visited for unused. */
TRAMP_API int tramp_cxx_traverse(
    struct _object *self, tramp_visitproc *visit, void *arg, tramp_traverseproc *impl, const char *name);
/** tramp_clear with the barrier.  An exception is reported, with the type of `self`, or with `self` if that is a module; returns 0. */
TRAMP_API int tramp_cxx_clear(struct _object *self, tramp_inquiryfunc *impl, const char *name);
/** tramp_module_init with the barrier. */
TRAMP_API struct _object *tramp_cxx_module_init(tramp_initfunc *impl, const char *name);
/** tramp_module_create with the barrier. */
TRAMP_API struct _object *tramp_cxx_module_create(
    struct _object *spec, struct PyModuleDef *def, tramp_createfunc *impl, const char *name);
/** tramp_module_exec with the barrier. */
TRAMP_API int tramp_cxx_module_exec(struct _object *module, tramp_inquiryfunc *impl, const char *name);
/** tramp_module_free with the barrier.  An exception is reported, with `name` as a str. */
TRAMP_API void tramp_cxx_module_free(void *module, tramp_freefunc *impl, const char *name);

/* ------------------------------------------------------------------------------------------------------------------------------ */
/* With a catch chain: libtramp-cxx.  A method whose body stood in a try block as a whole can leave that to its trampoline: `chain`   */
/* is called in the handler with the exception as the current one, returns what the method would have returned, and throws on what    */
/* it does not take.  A forced unwinding passes by it; what it throws on is the barrier's.                                            */
/* ------------------------------------------------------------------------------------------------------------------------------ */

typedef struct _object *tramp_chain(void);
typedef int tramp_chain_int(void);
typedef tramp_ssize tramp_chain_ssize(void);

/** tramp_cxx_noargs with a catch chain. */
TRAMP_API struct _object *tramp_cxx_chain_noargs(
    struct _object *self, struct _object *ignored, tramp_function *impl, const char *name, tramp_chain *chain);
/** tramp_cxx_o with a catch chain. */
TRAMP_API struct _object *tramp_cxx_chain_o(
    struct _object *self, struct _object *arg, tramp_function *impl, const char *name, tramp_chain *chain);
/** tramp_cxx_varargs with a catch chain. */
TRAMP_API struct _object *tramp_cxx_chain_varargs(
    struct _object *self, struct _object *args, tramp_function *impl, const char *name, tramp_chain *chain);
/** tramp_cxx_keywords with a catch chain. */
TRAMP_API struct _object *tramp_cxx_chain_keywords(
     struct _object *self, struct _object *args, struct _object *kwargs, tramp_function_keywords *impl, const char *name,
    tramp_chain *chain);
/** tramp_cxx_fastcall with a catch chain. */
TRAMP_API struct _object *tramp_cxx_chain_fastcall(
     struct _object *self, struct _object *const *args, tramp_ssize nargs, tramp_function_fastcall *impl, const char *name,
    tramp_chain *chain);
/** tramp_cxx_fastcall_keywords with a catch chain. */
TRAMP_API struct _object *tramp_cxx_chain_fastcall_keywords(
    struct _object *self, struct _object *const *args, tramp_ssize nargs, struct _object *kwnames,
    tramp_function_fastcall_keywords *impl, const char *name, tramp_chain *chain);
/** tramp_cxx_positional with a catch chain. */
TRAMP_API struct _object *tramp_cxx_chain_positional(
    struct _object *self, struct _object *const *args, tramp_ssize nargs, struct _object *kwnames, tramp_function_fastcall *impl,
    const char *name, tramp_chain *chain);
/** tramp_cxx_method with a catch chain. */
TRAMP_API struct _object *tramp_cxx_chain_method(
    struct _object *self, struct _typeobject *cls, struct _object *const *args, tramp_ssize nargs, struct _object *kwnames,
    const struct tramp_method_def *def, tramp_chain *chain);
/** tramp_cxx_get with a catch chain. */
TRAMP_API struct _object *tramp_cxx_chain_get(struct _object *self, void *closure, tramp_chain *chain);
/** tramp_cxx_set with a catch chain. */
TRAMP_API int tramp_cxx_chain_set(struct _object *self, struct _object *value, void *closure, tramp_chain_int *chain);
/** tramp_cxx_unary with a catch chain. */
TRAMP_API struct _object *tramp_cxx_chain_unary(struct _object *self, tramp_unaryfunc *impl, const char *name, tramp_chain *chain);
/** tramp_cxx_iternext with a catch chain. */
TRAMP_API struct _object *tramp_cxx_chain_iternext(
    struct _object *self, tramp_unaryfunc *impl, const char *name, tramp_chain *chain);
/** tramp_cxx_binary with a catch chain. */
TRAMP_API struct _object *tramp_cxx_chain_binary(
    struct _object *self, struct _object *arg, tramp_binaryfunc *impl, const char *name, tramp_chain *chain);
/** tramp_cxx_ternary with a catch chain. */
TRAMP_API struct _object *tramp_cxx_chain_ternary(
     struct _object *self, struct _object *arg, struct _object *arg2, tramp_ternaryfunc *impl, const char *name,
    tramp_chain *chain);
/** tramp_cxx_richcmp with a catch chain. */
TRAMP_API struct _object *tramp_cxx_chain_richcmp(
     struct _object *self, struct _object *arg, int op, tramp_richcmpfunc *impl, const char *name, tramp_chain *chain);
/** tramp_cxx_ssizearg with a catch chain. */
TRAMP_API struct _object *tramp_cxx_chain_ssizearg(
    struct _object *self, tramp_ssize index, tramp_ssizeargfunc *impl, const char *name, tramp_chain *chain);
/** tramp_cxx_getattr with a catch chain. */
TRAMP_API struct _object *tramp_cxx_chain_getattr(
    struct _object *self, char *attr, tramp_getattrfunc *impl, const char *name, tramp_chain *chain);
/** tramp_cxx_new with a catch chain. */
TRAMP_API struct _object *tramp_cxx_chain_new(
     struct _typeobject *type, struct _object *args, struct _object *kwargs, tramp_newfunc *impl, const char *name,
    tramp_chain *chain);
/** tramp_cxx_vectorcall with a catch chain. */
TRAMP_API struct _object *tramp_cxx_chain_vectorcall(
    struct _object *self, struct _object *const *args, tramp_size nargsf, struct _object *kwnames, tramp_vectorcallfunc *impl,
    const char *name, tramp_chain *chain);
/** tramp_cxx_len with a catch chain. */
TRAMP_API tramp_ssize tramp_cxx_chain_len(struct _object *self, tramp_lenfunc *impl, const char *name, tramp_chain_ssize *chain);
/** tramp_cxx_inquiry with a catch chain. */
TRAMP_API int tramp_cxx_chain_inquiry(struct _object *self, tramp_inquiryfunc *impl, const char *name, tramp_chain_int *chain);
/** tramp_cxx_objobj with a catch chain. */
TRAMP_API int tramp_cxx_chain_objobj(
    struct _object *self, struct _object *arg, tramp_objobjproc *impl, const char *name, tramp_chain_int *chain);
/** tramp_cxx_objobjarg with a catch chain. */
TRAMP_API int tramp_cxx_chain_objobjarg(
     struct _object *self, struct _object *arg, struct _object *value, tramp_objobjargproc *impl, const char *name,
    tramp_chain_int *chain);
/** tramp_cxx_ssizeobjarg with a catch chain. */
TRAMP_API int tramp_cxx_chain_ssizeobjarg(
     struct _object *self, tramp_ssize index, struct _object *value, tramp_ssizeobjargproc *impl, const char *name,
    tramp_chain_int *chain);
/** tramp_cxx_setattr with a catch chain. */
TRAMP_API int tramp_cxx_chain_setattr(
    struct _object *self, char *attr, struct _object *value, tramp_setattrfunc *impl, const char *name, tramp_chain_int *chain);
/** tramp_cxx_getbuffer with a catch chain. */
TRAMP_API int tramp_cxx_chain_getbuffer(
    struct _object *self, void *view, int flags, tramp_getbufferproc *impl, const char *name, tramp_chain_int *chain);
/** tramp_cxx_send with a catch chain. */
TRAMP_API int tramp_cxx_chain_send(
     struct _object *self, struct _object *arg, struct _object **sent, tramp_sendfunc *impl, const char *name,
    tramp_chain_int *chain);
/** tramp_cxx_module_create with a catch chain. */
TRAMP_API struct _object *tramp_cxx_chain_module_create(
     struct _object *spec, struct PyModuleDef *def, tramp_createfunc *impl, const char *name, tramp_chain *chain);
/** tramp_cxx_module_exec with a catch chain. */
TRAMP_API int tramp_cxx_chain_module_exec(
    struct _object *module, tramp_inquiryfunc *impl, const char *name, tramp_chain_int *chain);

/* ------------------------------------------------------------------------------------------------------------------------------ */
/* Exceptions of a project: libtramp-cxx.  What is registered holds for the shared object that `where` lies in and for no other.    */
/* ------------------------------------------------------------------------------------------------------------------------------ */

/** Registers the `exceptions` table of the configuration.  `where` is any static object of the module; `table` ends with {NULL, NULL}
 *  and stays where it is until tramp_cxx_unregister or the end of the process.  A table that the module has already is left out.
 *  Never fails visibly: without memory, the exceptions of the table come out as the built-in ones do. */
TRAMP_API void tramp_cxx_register(const void *where, const struct tramp_exception *table);

/** Registers a project translator; the newest is asked first, and all before the table.
 *
 *  `translate(data)` runs inside the handler, with the thread state of the call attached and no Python exception set.  It looks at the
 *  C++ exception by `try { throw; } catch (...)`.  To take it, it sets a Python exception and returns 1.  To decline it returns 0 or
 *  lets the exception go; an error that it has set then is dropped. */
TRAMP_API void tramp_cxx_translator(const void *where, int (*translate)(void *), void *data);

/** Forgets all that was registered with this `where`.  For the unloading of a module; a thread that is in a translator then is not
 *  waited for. */
TRAMP_API void tramp_cxx_unregister(const void *where);

#ifdef __cplusplus
} /* extern "C" */

#  if defined(__cpp_exceptions) || defined(__EXCEPTIONS)

namespace tramp {

namespace detail {

// Null in a build without tramp-build: a project keeps its translators in the sources, and they rest.
__attribute__((weakref("tramp_cxx_translator"), unused)) static void add(const void *, int (*)(void *), void *);
__attribute__((weakref("tramp_cxx_unregister"), unused)) static void remove(const void *);

} // namespace detail

/// Turns exceptions of type `Exception`, and of types derived from it, into Python exceptions, for all methods of the module that this
/// object is part of.  It must be a static object at namespace scope, or a member of one:
///
///     static tramp::translator<geo::ParseError> parse_errors([](const geo::ParseError &error) {
///         PyErr_Format(ParseErrorType, "line %d: %s", error.line, error.what());
///     });
///
/// The function has to set a Python exception; if it sets none, or throws, the exception is treated as if there were no translator.
template <typename Exception> class translator {
public:
    explicit translator(void (*function)(const Exception &)) : function_(function)
    {
        if (&detail::add != nullptr)
            detail::add(this, &translator::translate, this);
    }

    ~translator()
    {
        if (&detail::remove != nullptr)
            detail::remove(this);
    }

    translator(const translator &) = delete;
    translator &operator=(const translator &) = delete;

private:
    static int translate(void *data)
    {
        try {
            throw;
        }
        catch (const Exception &error) {
            static_cast<translator *>(data)->function_(error);
            return 1;
        }
    }

    void (*function_)(const Exception &);
};

} // namespace tramp

#  endif /* exceptions */
#endif   /* __cplusplus */
#endif   /* TRAMP_H */
