"""A place is a name with coordinates."""

from geo import errors
from geo._geo import Place, find, parse


__all__ = ['Place', 'errors', 'find', 'parse']
