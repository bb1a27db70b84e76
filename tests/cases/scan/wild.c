/* Spellings of rows and tables. */
#define ENTRY(name, flags) {#name, (PyCFunction)name, flags, NULL},
#define LAST {NULL, NULL}

PyMethodDef exported[] = {
#define ROW(name) {#name, name, METH_NOARGS, NULL}
    ENTRY(one, METH_NOARGS)
    ENTRY(two, METH_O)
    ROW(three),
    {ROW(four)},
#undef ROW
    {"five" "_" "six", five, 1},
    {.ml_name = "seven", .ml_flags = METH_VARARGS, .ml_meth = seven},
    {ml_name: "eight", ml_meth: eight},
    {(char *)"nine", (PyCFunction)nine, METH_O | METH_STATIC, "a, {b}; /* c */"},
    {NAME, ten, METH_O},
    LAST
};

static struct PyMethodDef flat[] = {
    "a", a, METH_NOARGS, "doc",
    "b", b, METH_O, NULL,
    NULL, NULL, 0, NULL
};

PyMethodDef single = {"single", (PyCFunction)single_function, METH_NOARGS}, *pointer = &single, pair[2] = {{"pair", pair_function}, {0}};

extern PyMethodDef elsewhere[];

int old_style(self, args)
    PyObject *self;
    PyObject *args;
{
    return 0;
}

Py_LOCAL_INLINE(PyObject *) local_macro(PyObject *self) { return self; }

static PyObject *make(PyObject *module)
{
    static PyMethodDef callback = {"callback", (PyCFunction)old_style, METH_VARARGS, NULL};
    size_t size = sizeof(PyMethodDef) * 2;
    PyMethodDef *copy = (PyMethodDef *)malloc(size);
    if (copy) {
        PyGetSetDef computed[] = {{"x", get_x, NULL, NULL, (void *)&size}, {NULL}};
        use(computed, '{', "}");
    }
    return PyCFunction_New(&callback, module);
}
