/* layout.c: tells libtramp what a module that is compiled for this very CPython knows, as one does when it is loaded.
 *
 * tell(address of tramp_layout, whether to forget it again) */
#include <Python.h>

#include <stddef.h>
#include <string.h>

typedef void layout(unsigned, unsigned, unsigned, unsigned, unsigned, unsigned);

static PyObject *tell(PyObject *self, PyObject *args)
{
    static PyASCIIObject text;
    unsigned long long address;
    int forget = 0;
    unsigned bits;
    layout *function;

    (void)self;
    if (!PyArg_ParseTuple(args, "K|p", &address, &forget))
        return NULL;
    function = (layout *)(size_t)address;
    text.state.compact = 1;
    text.state.ascii = 1;
    memcpy(&bits, &text.state, sizeof bits);
    if (forget)
        function(0, 0, 0, 0, 0, 0);
    else
        function(offsetof(PyFloatObject, ob_fval), offsetof(PyTupleObject, ob_item), offsetof(PyASCIIObject, length),
            sizeof(PyASCIIObject), offsetof(PyASCIIObject, state), bits);
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {{"tell", tell, METH_VARARGS, NULL}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "layout", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_layout(void)
{
    return PyModule_Create(&definition);
}
