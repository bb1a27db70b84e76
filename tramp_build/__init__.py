"""Trampolines for the C and C++ extensions of Python, put in at build time."""

__version__ = '0.1.0'
