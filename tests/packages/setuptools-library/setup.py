from setuptools import Extension, setup

setup(
    libraries=[('answer', {'sources': ['answer.c']})],
    ext_modules=[Extension('library', ['library.c'])],
    py_modules=[],
)
