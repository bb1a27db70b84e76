from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

try:
    from setuptools.command.bdist_wheel import bdist_wheel
except ImportError:
    from wheel.bdist_wheel import bdist_wheel


class OwnBuildExt(build_ext):
    """Adds a flag the way many projects do: on the compiler, when it is known."""

    def build_extensions(self):
        self.compiler.compiler_so.append('-DFROM_PROJECT=1000')
        if hasattr(self.compiler, 'compiler_so_cxx'):
            self.compiler.compiler_so_cxx.append('-DFROM_PROJECT=1000')
        super().build_extensions()


class OwnBdistWheel(bdist_wheel):
    """Changes the tag after finalize_options, as projects for ctypes libraries do."""

    def finalize_options(self):
        super().finalize_options()
        self.build_number = '7'


setup(
    ext_modules=[Extension('commands', ['commands.cpp'])],
    cmdclass={'build_ext': OwnBuildExt, 'bdist_wheel': OwnBdistWheel},
    py_modules=[],
)
