/* exceptions.c: Python exceptions, made from what was read out of a C++ one. */
#include "python_side.h"

#include <stdlib.h>
#include <string.h>

void tramp_clear_facts(struct tramp_facts *facts)
{
    Py_DecRef(facts->text);
    Py_DecRef(facts->path);
    Py_DecRef(facts->path2);
}

PyObject *tramp_text(const char *text)
{
    PyObject *decoded = PyUnicode_DecodeUTF8(text, (Py_ssize_t)strlen(text), "backslashreplace");

    /* The handler of that name is looked up among the codecs, which may be gone at the end of the interpreter. */
    if (decoded == NULL) {
        PyErr_Clear();
        decoded = PyUnicode_DecodeUTF8(text, (Py_ssize_t)strlen(text), "replace");
    }
    if (decoded == NULL)
        PyErr_Clear();
    return decoded;
}

PyObject *tramp_file_name(const char *name, size_t length)
{
    PyObject *decoded = PyUnicode_DecodeFSDefaultAndSize(name, (Py_ssize_t)length);

    if (decoded == NULL)
        PyErr_Clear();
    return decoded;
}

PyObject *tramp_take_error(void)
{
    PyObject *type, *value, *traceback;

    PyErr_Fetch(&type, &value, &traceback);
    if (type == NULL)
        return NULL;
    PyErr_NormalizeException(&type, &value, &traceback);
    if (traceback != NULL)
        PyException_SetTraceback(value, traceback);
    Py_DecRef(type);
    Py_DecRef(traceback);
    return value;
}

void tramp_raise(PyObject *error)
{
    PyObject *type = PyObject_Type(error);

    PyErr_SetObject(type, error);
    Py_DecRef(type);
    Py_DecRef(error);
}

static void add_note(PyObject *error, PyObject *text)
{
    PyObject *none = PyObject_CallMethod(error, "add_note", "O", text);
    if (none == NULL)
        PyErr_Clear();
    Py_DecRef(none);
}

static int says(PyObject *error, PyObject *text)
{
    PyObject *said = PyObject_Str(error);
    int found = said != NULL ? PyUnicode_Contains(said, text) : 1;

    Py_DecRef(said);
    if (PyErr_Occurred() != NULL)
        PyErr_Clear();
    return found != 0;
}

void tramp_put_back(PyObject *error, const struct tramp_facts *facts)
{
    if (facts->own_text && PyObject_HasAttrString(error, "add_note") && !says(error, facts->text))
        add_note(error, facts->text);
    /* Not tramp_raise: it was raised before, its context is what it was then. */
    PyErr_Restore(PyObject_Type(error), error, PyException_GetTraceback(error));
}

void tramp_set_aside(struct tramp_pending *pending)
{
    PyErr_Fetch(&pending->type, &pending->value, &pending->traceback);
}

void tramp_bring_back(const struct tramp_pending *pending)
{
    PyErr_Restore(pending->type, pending->value, pending->traceback);
}

/* The type says more than an object whose __repr__ may not be in a state to be called. */
static PyObject *witness(PyObject *self)
{
    PyObject *type = PyObject_Type(self);

    if (!PyType_IsSubtype((PyTypeObject *)type, &PyModule_Type))
        return type;
    Py_DecRef(type);
    Py_IncRef(self);
    return self;
}

void tramp_report(PyObject *error, PyObject *self, const char *name)
{
    PyObject *context = self != NULL ? witness(self) : tramp_text(name);

    tramp_raise(error);
    PyErr_WriteUnraisable(context);
    Py_DecRef(context);
}

/* In the limited API PyExceptionClass_Check reads the structure of the type in some versions. */
static int is_exception_class(PyObject *object)
{
    return PyObject_IsInstance(object, (PyObject *)&PyType_Type) == 1
        && (PyType_GetFlags((PyTypeObject *)object) & Py_TPFLAGS_BASE_EXC_SUBCLASS) != 0;
}

static int is_exception(PyObject *object)
{
    PyObject *type = PyObject_Type(object);
    int answer = is_exception_class(type);

    Py_DecRef(type);
    return answer;
}

static PyObject *call(PyObject *type, const struct tramp_facts *facts)
{
    PyObject *const none = Py_None;

    /* Which subclass of OSError it is goes by arguments. */
    if (facts->text == NULL && facts->has_code)
        return PyErr_NoMemory();
    if (facts->text == NULL)
        return PyObject_CallFunctionObjArgs(type, NULL);
    /* With an errno OSError becomes FileNotFoundError and the like; its third argument is an error number of Windows. */
    if (!facts->has_code || PyObject_IsSubclass(type, PyExc_OSError) != 1)
        return PyObject_CallFunctionObjArgs(type, facts->text, NULL);
    if (facts->path2 != NULL)
        return PyObject_CallFunction(type, "iOOOO", facts->code, facts->text, facts->path != NULL ? facts->path : none, none, facts->path2);
    if (facts->path != NULL)
        return PyObject_CallFunction(type, "iOO", facts->code, facts->text, facts->path);
    return PyObject_CallFunction(type, "iO", facts->code, facts->text);
}

PyObject *tramp_new_exception(PyObject *type, const struct tramp_facts *facts)
{
    PyObject *made = call(type, facts);

    if (made != NULL && !is_exception(made)) {
        Py_DecRef(made);
        PyErr_Format(PyExc_TypeError, "calling %R did not make an exception", type);
        return NULL;
    }
    return made;
}

/* Follows `names`, dots between them, from `object` (stolen).  Cuts `names` up. */
static PyObject *follow(PyObject *object, char *names)
{
    while (object != NULL && names != NULL) {
        char *dot = strchr(names, '.');
        if (dot != NULL)
            *dot++ = '\0';
        PyObject *next = PyObject_GetAttrString(object, names);
        Py_DecRef(object);
        object = next;
        names = dot;
    }
    return object;
}

/* Imports the longest beginning of `path` that is a module and follows the rest from there; so nested classes are found too.  `path`
 * is cut up.  Fails with the error of the first import, which says most. */
static PyObject *import_and_follow(char *path)
{
    PyObject *found = NULL, *first_error = NULL;
    char *rest = path + strlen(path);

    for (char *dot = strrchr(path, '.'); dot != NULL && found == NULL; dot = strrchr(path, '.')) {
        *dot = '\0';
        if (*rest != '\0')
            rest[-1] = '.';
        rest = dot + 1;
        found = PyImport_ImportModule(path);
        if (found != NULL)
            break;
        PyObject *error = tramp_take_error();
        if (first_error == NULL)
            first_error = error;
        else
            Py_DecRef(error);
    }
    if (found != NULL)
        found = follow(found, rest);
    if (found == NULL && first_error != NULL) {
        PyErr_Clear();
        tramp_raise(first_error);
        return NULL;
    }
    Py_DecRef(first_error);
    return found;
}

/* The object at the end of a path.  Looked up each time: an interpreter must not get what belongs to another one. */
static PyObject *find(const char *path)
{
    if (strchr(path, '.') == NULL) {
        PyObject *builtins = PyImport_ImportModule("builtins");
        PyObject *found = builtins != NULL ? PyObject_GetAttrString(builtins, path) : NULL;
        Py_DecRef(builtins);
        return found;
    }
    char *copy = strdup(path);
    if (copy == NULL)
        return PyErr_NoMemory();
    PyObject *found = import_and_follow(copy);
    free(copy);
    return found;
}


PyObject *tramp_new_named_exception(const char *path, const struct tramp_facts *facts)
{
    PyObject *made = NULL, *type = find(path);

    if (type == NULL)
        return NULL;
    if (is_exception_class(type))
        made = tramp_new_exception(type, facts);
    else
        PyErr_Format(PyExc_TypeError, "tramp-build: '%s' is not an exception class", path);
    Py_DecRef(type);
    return made;
}

int tramp_set_cause(PyObject *error, PyObject *cause)
{
    PyObject *present = PyException_GetCause(error);

    if (present == NULL) {
        PyException_SetCause(error, cause);
        return 1;
    }
    Py_DecRef(present);
    Py_DecRef(cause);
    return 0;
}
