#ifdef __cplusplus
extern "C" {
#endif
PyObject *positional(PyObject *self, PyObject *args);
PyObject *keywords(PyObject *self, PyObject *args, PyObject *kwargs);
PyObject *ignoring(PyObject *self, PyObject *args);
PyObject *ignoring_both(PyObject *self, PyObject *args, PyObject *kwargs);
PyObject *sized(PyObject *self, PyObject *args);
#ifdef __cplusplus
}
#endif
