from setuptools import Extension, setup

setup(ext_modules=[Extension('readers', ['readers.cpp', 'lookup.cpp'])], py_modules=[])
