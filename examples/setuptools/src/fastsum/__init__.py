"""Sums."""

from fastsum._fastsum import add, scale


__all__ = ['add', 'scale']
