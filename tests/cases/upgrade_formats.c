/* Functions whose formats are parsed by functions of their own, with every unit that those know. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

typedef struct {
    PyListObject list;
} Things;

static PyObject *whole(PyObject *self, PyObject *args)
{
    unsigned char b, B;
    short h;
    unsigned short H;
    int i;
    unsigned I;
    long l;
    unsigned long k;
    (void)self;
    if (!PyArg_ParseTuple(args, "bBhHiIlk:whole", &b, &B, &h, &H, &i, &I, &l, &k))
        return NULL;
    return Py_BuildValue("(bBhHiIlk)", b, B, h, H, i, I, l, k);
}

static PyObject *mixed(PyObject *self, PyObject *args)
{
    Py_ssize_t n;
    long long L;
    unsigned long long K;
    volatile double d; /* as where setjmp is used */
    float f;
    struct {
        PyObject *O, *U, *S;
    } objects[2];
    int at = 0;
    (void)self;
    if (!PyArg_ParseTuple(args, "nLKdf" "OUS", &n, &L, &K, &d, &f, &objects[++at].O, &objects[1].U, &(objects[1].S)) || at != 1)
        return NULL;
    return Py_BuildValue("(nLKddOOO)", n, L, K, d, (double)f, objects[1].O, objects[1].U, objects[1].S);
}

/* The output of `O!` is of a type of the project's own, and read as such. */
static PyObject *optional(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *words[] = {"p", "s", "z", "t", NULL};
    int p = 5;
    const char *s = "default", *z = "default";
    Things *t = NULL;
    (void)self;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|pszO!:optional", words, &p, &s, &z, &PyList_Type, &t))
        return NULL;
    return Py_BuildValue("(isOz)", p, s, t != NULL ? (PyObject *)t : Py_None, z);
}

static PyObject *second(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *words[] = {"a", "b", NULL};
    int a, b = 9;
    (void)self;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "i|i", words, &a, &b))
        return NULL;
    return Py_BuildValue("(ii)", a, b);
}

static PyObject *nothing(PyObject *self, PyObject *args)
{
    (void)self;
    if (!PyArg_ParseTuple(args, ":nothing"))
        return NULL;
    return PyTuple_New(0);
}

/* Not of these: the outputs are not as many as the format asks for, as far as can be seen; the format is no literal. */
#define BOTH(a, b) &a, &b
#define FORMAT "ii"

static PyObject *hidden(PyObject *self, PyObject *args)
{
    int a, b;
    (void)self;
    if (!PyArg_ParseTuple(args, "ii", BOTH(a, b)) || !PyArg_ParseTuple(args, FORMAT, &a, &b))
        return NULL;
    return Py_BuildValue("(ii)", a, b);
}

static PyMethodDef methods[] = {
    {"whole", whole, METH_VARARGS, NULL},
    {"mixed", mixed, METH_VARARGS, NULL},
    {"optional", (PyCFunction)(void (*)(void))optional, METH_VARARGS | METH_KEYWORDS, NULL},
    {"second", (PyCFunction)(void (*)(void))second, METH_VARARGS | METH_KEYWORDS, NULL},
    {"nothing", nothing, METH_VARARGS, NULL},
    {"hidden", hidden, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "case", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_case(void)
{
    return PyModule_Create(&definition);
}
