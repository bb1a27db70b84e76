static PyMethodDef int_enum_methods[] = {
    {"__reduce__", (PyCFunction)int_enum_reduce, METH_NOARGS},
    {NULL, NULL, 0},
};

static PyObject *
int_enum_reduce(PyObject *self, PyObject *ignored)
{
    PyObject *num = PyNumber_Long (self);
    if (num == NULL)
        return NULL;
    return Py_BuildValue ("(O, (N))", &PyLong_Type, num);
}PyMethodDef int_enum_methods[] = {
    {"__reduce__", (PyCFunction)int_enum_reduce, METH_NOARGS},
    {NULL, NULL, 0},
};

static PyObject *
int_enum_reduce(PyObject *self, PyObject *ignored)
{
    PyObject *num = PyNumber_Long (self);
    if (num == NULL)
        return NULL;
    return Py_BuildValue ("(O, (N))", &PyLong_Type, num);
}