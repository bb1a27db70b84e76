"""`./dev sid`: the tests on the newest CPythons and compilers, in a Debian that debootstrap makes.

Debian's unstable has them long before a release has.  What runs there is `./dev test`, once with each interpreter, from a copy of this
checkout; the system stays in the directory for the next time.  It needs root, for debootstrap and chroot do.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHONS = ('3.14', '3.15')
# What depends on the interpreter, on the compiler or on the linker; the rest is text to text.
TESTS = (
    *(f'tests/test_runtime_{topic}.py' for topic in ('abi', 'barrier', 'calls', 'linking', 'project', 'slots', 'slots_abi', 'threads')),
    *(f'tests/test_{topic}.py' for topic in ('parse_calls', 'parse_random', 'entries', 'outline_runs', 'rewrite_runs', 'no_exceptions')),
    *(f'tests/test_{topic}.py' for topic in ('newer_slots', 'unity', 'groups', 'rewrite_slots')),
    *(f'tests/test_{topic}.py' for topic in ('examples', 'setuptools', 'mesonpy', 'mesonpy_compilers', 'launcher_link', 'expand_builds')),
    'tests/test_corpus.py',
)
# Of the host, so that apt and pip find there what they find here.
SETTINGS = ('etc/resolv.conf', 'etc/pip.conf', 'etc/ssl/certs/ca-certificates.crt')


def run(*command: object, env: dict[str, str] | None = None) -> None:
    """Echo a command and run it; a failure ends the whole with its exit code."""
    words = [str(word) for word in command]
    print('+', shlex.join(words), flush=True)
    code = subprocess.run(words, check=False, env=env).returncode
    if code:
        raise SystemExit(code if code > 0 else 128 - code)


def make_system(system: Path, suite: str, pythons: list[str]) -> None:
    """Let debootstrap make the system, unless it has; MIRROR in the environment is another mirror than its own."""
    done = system / 'made-for'
    wanted = f'{suite} {" ".join(pythons)}'
    if done.exists() and done.read_text() == wanted:
        return
    shutil.rmtree(system, ignore_errors=True)
    system.parent.mkdir(parents=True, exist_ok=True)
    packages = ['g++', 'git', 'ca-certificates', *(f'python{p}-{part}' for p in pythons for part in ('dev', 'venv'))]
    mirror = [os.environ['MIRROR']] if 'MIRROR' in os.environ else []
    run('debootstrap', '--variant=minbase', f'--include={",".join(packages)}', suite, system, *mirror)
    # A mirror may lag behind, for the date of this machine at least; that is no reason to test nothing.
    (system / 'etc/apt/apt.conf.d/90dates').write_text('Acquire::Check-Valid-Until "false";\n')
    done.write_text(wanted)


def copy_checkout(target: Path) -> None:
    """Copy what is or would be committed; what was built there before stays."""
    command = ['git', 'ls-files', '-z', '--cached', '--others', '--exclude-standard']
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    keep = {'.venv', 'build'}
    for path in target.iterdir() if target.exists() else ():
        if path.name not in keep:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    for name in filter(None, listed.split('\0')):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    subprocess.run(['git', 'init', '-q'], cwd=target, check=True)
    subprocess.run(['git', 'add', '-A'], cwd=target, check=True)


def test(system: Path, python: str, arguments: list[str]) -> None:
    """Run `./dev test` there with one interpreter.  Its processes and mounts end with it, for they have namespaces of their own."""
    checkout = Path('work') / f'checkout-{python}'
    copy_checkout(system / checkout)
    for name in SETTINGS:
        if Path('/', name).exists():
            (system / name).parent.mkdir(parents=True, exist_ok=True)
            (system / name).unlink(missing_ok=True)
            shutil.copyfile(Path('/', name), system / name)
    inside = f'mount -t devpts devpts /dev/pts; mount -t tmpfs tmpfs /dev/shm; cd {checkout} && exec "$@"'
    command = [f'python{python}', './dev', 'test', *(arguments or ['-n', '2', '--dist', 'loadgroup', *TESTS])]
    environment = {k: v for k, v in os.environ.items() if k not in ('PYTHONPATH', 'VIRTUAL_ENV') and not k.startswith('TRAMP_BUILD')}
    environment |= {'PATH': '/usr/sbin:/usr/bin:/sbin:/bin', 'HOME': '/root', 'TMPDIR': '/tmp', 'LC_ALL': 'C.UTF-8'}
    namespaces = ['unshare', '--mount', '--pid', '--fork', f'--mount-proc={system / "proc"}']
    run(*namespaces, 'chroot', system, 'sh', '-c', f'cd /; {inside}', 'sh', *command, env=environment)


def main(arguments: list[str]) -> None:
    """Make the system if it is not there, and test with each interpreter."""
    parser = argparse.ArgumentParser(prog='dev sid', description=__doc__)
    parser.add_argument('--directory', type=Path, default=ROOT / 'build' / 'sid', help='where the system is (build/sid)')
    parser.add_argument('--suite', default='sid', help='which Debian (sid)')
    parser.add_argument('--python', action='append', metavar='X.Y', help=f'an interpreter, more than once for more ({", ".join(PYTHONS)})')
    parser.add_argument('pytest', nargs='*', help='arguments of pytest instead of the tests that matter there; -- in front of options')
    options = parser.parse_args(arguments)
    if os.geteuid() != 0:
        raise SystemExit('dev: error: debootstrap and chroot need root')
    if not shutil.which('debootstrap'):
        raise SystemExit('dev: error: this machine misses debootstrap (Debian name); install it, then run this again')
    pythons = options.python or list(PYTHONS)
    make_system(options.directory.resolve(), options.suite, list(PYTHONS))
    failed = []
    for python in pythons:
        try:
            test(options.directory.resolve(), python, options.pytest)
        except SystemExit as exc:
            failed.append(f'CPython {python}: exit code {exc.code}')
    if failed:
        raise SystemExit('\n'.join(failed))


if __name__ == '__main__':
    main(sys.argv[1:])
