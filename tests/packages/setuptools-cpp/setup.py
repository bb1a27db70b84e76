from setuptools import Extension, setup

setup(ext_modules=[Extension('setuptools_cpp', ['setuptools_cpp.cpp'])], py_modules=[])
