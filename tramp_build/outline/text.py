"""The text of an outlined chain: the function that tells the exceptions apart, and what remains at a site."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tramp_build.outline import told

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tramp_build.outline.handlers import Handler, Piece
    from tramp_build.outline.variables import Variable

PREFIX: Final = b'tramp_o_'
FALLS: Final = b''  # falling out of the handler, as the text of an exit
_ANSWER: Final = 'tramp_a_'
_ATTRIBUTES: Final = '__attribute__((__cold__, __noinline__, __unused__))'


# A foreign exception, and a forced unwinding is one, is not counted as uncaught; libstdc++ counts it all the same when it is thrown again,
# and nothing takes that back.  While one is on its way out of the function that has thrown it again, no exception counts as caught, with
# libstdc++ as with libc++abi.  The names are those of the C++ ABI, by labels, since its header may declare them in its own way.
PRELUDE: Final = (
    'struct tramp_eh { void *caught; unsigned uncaught; }; '
    'extern "C" __attribute__((__visibility__("default"))) tramp_eh *tramp_eh_globals() __asm__("__cxa_get_globals"); '
    'namespace { struct tramp_thrower { tramp_eh *globals; unsigned uncaught; '
    'tramp_thrower() : globals(::tramp_eh_globals()), uncaught(globals->uncaught) {} '
    'tramp_thrower(const tramp_thrower &) = delete; tramp_thrower &operator=(const tramp_thrower &) = delete; '
    '~tramp_thrower() { if (globals->caught == nullptr) globals->uncaught = uncaught; } }; }'
)


def name(number: int) -> str:
    """Return the name of the function of a chain."""
    return f'{PREFIX.decode()}{number}'


def parameters(variables: Sequence[Variable], texts: int) -> str:
    """Declare what an outlined function is given: references to variables, and texts."""
    declared = [variable.parameter for variable in variables]
    return ', '.join([*declared, *(f'const char *{_plain(told.name(index))}' for index in range(texts))])


def arguments(variables: Sequence[Variable], texts: Sequence[bytes]) -> str:
    """Return what a site gives for that."""
    return ', '.join(_plain(text) for text in (*(variable.name for variable in variables), *texts))


def function(number: int, handlers: Sequence[Handler], exits: int, labels: Sequence[tuple[bytes, int]] = (), given: str = '') -> str:
    """Return the function: it throws once more what is being handled, and says which exit its handler takes.

    `given` are its parameters.
    What no handler takes leaves it as the exception that it was.  The result is of a type of its own, so that a `return` that a macro
    hides does not compile.  A macro that jumps finds its label behind the handlers.
    """
    if len(handlers) == 1 and handlers[0].head[0].text == b'...':
        body = f'{_joined(handlers[0].body, number)}{_falls(handlers[0], number)}'
    else:
        clauses = ' '.join(_clause(handler, number) for handler in handlers)
        body = f'try {{ const ::tramp_thrower tramp_thrown; throw; }} {clauses}'
    body += ''.join(f' {_plain(label)}: return {_code(number, code)};' for label, code in labels)
    if not exits:
        return f'{_ATTRIBUTES} __attribute__((__noreturn__)) static void {name(number)}({given}) {{ {body} }}'
    codes = ', '.join(_code(number, code) for code in range(exits))
    result = f'tramp_exit_{number}'
    return f'enum {result} {{ {codes} }}; {_ATTRIBUTES} static {result} {name(number)}({given}) {{ {body} }}'


def answer_name(number: int, variant: int) -> str:
    """Return the name of a function that leaves as sites do; some sites of a chain may leave in another way than others."""
    return f'{_ANSWER}{number}' + (f'_{variant}' if variant else '')


def answer(number: int, own: str, result: str, exits: Sequence[bytes], falls: bytes, given: str = '') -> str:
    """Return the function that a trampoline calls in its handler: what stands in a site otherwise, and what follows there."""
    return f'{_ATTRIBUTES} static {result}{own}() {{ {_leaving(number, tuple(text or falls for text in exits), given)} }}'


def direct(own: str, result: str, handlers: Sequence[Handler], falls: bytes) -> str:
    """Return the function that a trampoline calls in its handler where the handlers themselves return for it."""

    def body(handler: Handler) -> str:
        return _joined(handler.body, 0) + ('' if handler.falls is None else _statement(falls))

    clauses = ' '.join(f'catch ({_joined(handler.head, 0)}) {{ {body(handler)} }}' for handler in handlers)
    return f'{_ATTRIBUTES} static {result}{own}() {{ try {{ const ::tramp_thrower tramp_thrown; throw; }} {clauses} }}'


def site(number: int, exits: Sequence[bytes], given: str = '') -> str:
    """Return the clause that takes the place of a chain."""
    return f'catch (...) {{ {_leaving(number, exits, given)} }}'


def _leaving(number: int, exits: Sequence[bytes], given: str) -> str:
    """Call the outlined function, and leave as its handler would have left."""
    call = f'{name(number)}({given})'
    if len(set(exits)) < 2:
        return f'{call};{_statement(exits[0]) if exits else ""}'
    steps = [(code, text) for code, text in enumerate(exits) if text != FALLS]
    # Where none falls out, the last one is left without a test: the compiler has to see that nothing goes on from here.
    last = steps.pop() if len(steps) == len(exits) else None
    tests = ''.join(f' if (tramp_exit == {_code(number, code)}){_statement(text)}' for code, text in steps)
    rest = _statement(last[1]) if last else ''
    return f'const tramp_exit_{number} tramp_exit = {call};{tests}{rest}'


def _clause(handler: Handler, number: int) -> str:
    return f'catch ({_joined(handler.head, number)}) {{ {_joined(handler.body, number)}{_falls(handler, number)} }}'


def _falls(handler: Handler, number: int) -> str:
    return '' if handler.falls is None else f' return {_code(number, handler.falls)};'


def _code(number: int, code: int) -> str:
    return f'tramp_exit_{number}_{code}'


def _statement(text: bytes) -> str:
    return f' {_plain(text)};' if text != FALLS else ''


def _joined(pieces: Sequence[Piece], number: int) -> str:
    parts: list[str] = []
    for piece in pieces:
        text = _plain(piece.text) if piece.exit is None else f'return {_code(number, piece.exit)};'
        parts.append(f' {text}' if piece.spaced and parts else text)
    return ''.join(parts)


def _plain(text: bytes) -> str:
    return text.decode('utf-8', 'surrogateescape')
