from setuptools import Extension, setup

setup(
    package_dir={'': 'src'},
    packages=['many', 'many.deep'],
    ext_modules=[
        Extension('many._plain', ['src/many/plain.c'], define_macros=[('WORD', '"many"')]),
        Extension('many.deep._thrower', ['src/many/deep/thrower.cpp']),
        Extension('many._stable', ['src/many/stable.c'], py_limited_api=True, define_macros=[('Py_LIMITED_API', '0x03080000')]),
    ],
)
