from setuptools import Extension, setup

setup(ext_modules=[Extension('tableless', ['tableless.c'])], py_modules=[])
