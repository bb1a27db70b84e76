# cython: language_level=3
# The functions of ../calls.c as a user of Cython writes them: with typed arguments, and one for positional and named ones.


def nothing():
    pass


def ints(int a, int b):
    pass


def floats(double a, double b):
    return a + b


def texts(str a, str b):
    pass


def objects(a, b):
    pass


def options(int a, int b=2, int c=3):
    pass


def mixed(object thing, str text, int number=1, double factor=1.0):
    pass


named_ints = ints
named_floats = floats
named_texts = texts
named_objects = objects
named_options = options
named_mixed = mixed
