#include <Python.h>

/* The methods of a type, which another file makes a module of. */
extern PyMethodDef *shared_methods(void);
