"""As ../mesonpy.py, for projects that are built by setuptools."""
