"""`python -m tramp_build` is `tramp-build`."""

from tramp_build.cli import main

if __name__ == '__main__':
    raise SystemExit(main())
