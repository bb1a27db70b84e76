"""Series of numbers: arithmetic, iteration, a buffer and a context manager, from C++ that throws where something is wrong."""

from series._series import Series

__all__ = ['Series']
