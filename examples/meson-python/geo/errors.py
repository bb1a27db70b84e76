"""What geo raises itself."""


class NotFound(LookupError):
    """There is no such place."""
