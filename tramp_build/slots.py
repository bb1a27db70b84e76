"""The slots of the C-API, and the trampoline that serves each: members of structs, slot ids, functions that a module exports.

Mirrors `csrc/signatures.def`; a test holds the two together, others hold both against the headers of every CPython that is installed.
Facts: CPython `Include/cpython/object.h`, `Include/typeslots.h`, `Include/moduleobject.h`; PEP 793 (3.15).

What a stub in a slot has to heed: a module may compare a slot with its own function (`Py_TYPE(o)->tp_iternext == next`), and
Py_TRASHCAN_BEGIN does so with `tp_dealloc`.  Such a function has to stay in its slot itself.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from tramp_build.signatures import (
    CLASS,
    CLOSURE,
    COUNT,
    DEFINITION,
    INT,
    NAME,
    OBJECT,
    RESULT,
    SEND,
    SIZE,
    VECTOR,
    VIEW,
    VISIT,
    VOID,
    Signature,
)

# An older version than all that are supported has it too.
ALWAYS: Final = (3, 8)

Version = tuple[int, int]


def _slot(name: str, result: str, kinds: tuple[str, ...], names: str, rule: str = 'raises', failure: str = '') -> Signature:
    failure = failure or {OBJECT: 'NULL', VOID: ''}.get(result, '-1')
    parameters = tuple(zip(kinds, names.split(), strict=True))
    return Signature(name, name, parameters, plain=False, result=result, rule=rule, failure=failure)


SIGNATURES: Final = (
    _slot('unary', OBJECT, (OBJECT,), 'self'),
    # NULL without an error is the end: no difference to the barrier, but to whoever checks results.
    _slot('iternext', OBJECT, (OBJECT,), 'self'),
    _slot('binary', OBJECT, (OBJECT, OBJECT), 'self arg'),
    _slot('ternary', OBJECT, (OBJECT, OBJECT, OBJECT), 'self arg arg2'),
    _slot('richcmp', OBJECT, (OBJECT, OBJECT, INT), 'self arg op'),
    _slot('ssizearg', OBJECT, (OBJECT, SIZE), 'self index'),
    _slot('getattr', OBJECT, (OBJECT, NAME), 'self attr'),
    _slot('new', OBJECT, (CLASS, OBJECT, OBJECT), 'type args kwargs'),
    _slot('vectorcall', OBJECT, (OBJECT, VECTOR, COUNT, OBJECT), 'self args nargsf kwnames'),
    _slot('module_create', OBJECT, (OBJECT, DEFINITION), 'spec def'),
    _slot('len', SIZE, (OBJECT,), 'self'),
    _slot('inquiry', INT, (OBJECT,), 'self'),
    _slot('module_exec', INT, (OBJECT,), 'module'),
    _slot('objobj', INT, (OBJECT, OBJECT), 'self arg'),
    _slot('objobjarg', INT, (OBJECT, OBJECT, OBJECT), 'self arg value'),
    _slot('ssizeobjarg', INT, (OBJECT, SIZE, OBJECT), 'self index value'),
    _slot('setattr', INT, (OBJECT, NAME, OBJECT), 'self attr value'),
    _slot('getbuffer', INT, (OBJECT, VIEW, INT), 'self view flags'),
    _slot('send', SEND, (OBJECT, OBJECT, RESULT), 'self arg sent'),
    _slot('traverse', INT, (OBJECT, VISIT, CLOSURE), 'self visit arg', 'dies', '0'),
    _slot('clear', INT, (OBJECT,), 'self', 'reports_type', '0'),
    _slot('dealloc', VOID, (OBJECT,), 'self', 'reports_name'),
    _slot('finalize', VOID, (OBJECT,), 'self', 'reports_type'),
    _slot('releasebuffer', VOID, (OBJECT, VIEW), 'self view', 'reports_type'),
    _slot('module_free', VOID, (CLOSURE,), 'module', 'reports_name'),
)

# PyInit_* and PyModExport_*.
MODULE_INIT: Final = _slot('module_init', OBJECT, (), '')

BY_NAME: Final = {s.name: s for s in (*SIGNATURES, MODULE_INIT)}


class Slot(NamedTuple):
    """One slot of a type, a suite or a module."""

    name: str  # the member, or the id of a slot that is no member
    struct: str | None  # that the member is of
    signature: Signature | None  # None: a function that is left alone
    since: Version  # the CPython that brought it
    id: str | None  # for PyType_Slot and PyModuleDef_Slot
    id_since: Version


# Every member of each struct in its order, as a positional initialiser needs it, but for the head: PyObject_VAR_HEAD, m_base.
# Functions have their signature behind a colon; `alone`: nothing of a module's own is worth a trampoline there (tp_alloc, tp_free:
# allocators; tp_is_gc: asked by the garbage collector, of static types of CPython).  3.8 has a `tp_print` at the end that nothing calls.
_LAYOUTS: Final = {
    'PyTypeObject': (
        'tp_name tp_basicsize tp_itemsize tp_dealloc:dealloc tp_vectorcall_offset tp_getattr:getattr tp_setattr:setattr tp_as_async '
        'tp_repr:unary tp_as_number tp_as_sequence tp_as_mapping tp_hash:len tp_call:ternary tp_str:unary tp_getattro:binary '
        'tp_setattro:objobjarg tp_as_buffer tp_flags tp_doc tp_traverse:traverse tp_clear:clear tp_richcompare:richcmp '
        'tp_weaklistoffset tp_iter:unary tp_iternext:iternext tp_methods tp_members tp_getset tp_base tp_dict tp_descr_get:ternary '
        'tp_descr_set:objobjarg tp_dictoffset tp_init:objobjarg tp_alloc:alone tp_new:new tp_free:alone tp_is_gc:alone tp_bases '
        'tp_mro tp_cache tp_subclasses tp_weaklist tp_del:dealloc tp_version_tag tp_finalize:finalize tp_vectorcall:vectorcall'
    ),
    'PyNumberMethods': (
        'nb_add:binary nb_subtract:binary nb_multiply:binary nb_remainder:binary nb_divmod:binary nb_power:ternary nb_negative:unary '
        'nb_positive:unary nb_absolute:unary nb_bool:inquiry nb_invert:unary nb_lshift:binary nb_rshift:binary nb_and:binary '
        'nb_xor:binary nb_or:binary nb_int:unary nb_reserved nb_float:unary nb_inplace_add:binary nb_inplace_subtract:binary '
        'nb_inplace_multiply:binary nb_inplace_remainder:binary nb_inplace_power:ternary nb_inplace_lshift:binary '
        'nb_inplace_rshift:binary nb_inplace_and:binary nb_inplace_xor:binary nb_inplace_or:binary nb_floor_divide:binary '
        'nb_true_divide:binary nb_inplace_floor_divide:binary nb_inplace_true_divide:binary nb_index:unary nb_matrix_multiply:binary '
        'nb_inplace_matrix_multiply:binary'
    ),
    'PySequenceMethods': (
        'sq_length:len sq_concat:binary sq_repeat:ssizearg sq_item:ssizearg was_sq_slice sq_ass_item:ssizeobjarg was_sq_ass_slice '
        'sq_contains:objobj sq_inplace_concat:binary sq_inplace_repeat:ssizearg'
    ),
    'PyMappingMethods': 'mp_length:len mp_subscript:binary mp_ass_subscript:objobjarg',
    'PyAsyncMethods': 'am_await:unary am_aiter:unary am_anext:unary am_send:send',
    'PyBufferProcs': 'bf_getbuffer:getbuffer bf_releasebuffer:releasebuffer',
    'PyModuleDef': 'm_name m_doc m_size m_methods m_slots m_traverse:traverse m_clear:clear m_free:module_free',
}
_SINCE: Final = {'am_send': (3, 10)}
# Type slots that came after their members, and those of modules before PEP 793.
_ID_SINCE: Final = {'am_send': (3, 10), 'bf_getbuffer': (3, 9), 'bf_releasebuffer': (3, 9), 'tp_vectorcall': (3, 14)}

LAYOUTS: Final = {struct: tuple(word.partition(':')[0] for word in text.split()) for struct, text in _LAYOUTS.items()}


def _members(struct: str, text: str) -> dict[str, Slot]:
    found = {}
    for name, _, signature in (word.partition(':') for word in text.split()):
        if signature:
            slot_id = None if struct == 'PyModuleDef' else f'Py_{name}'
            since = _SINCE.get(name, ALWAYS)
            found[name] = Slot(name, struct, BY_NAME.get(signature), since, slot_id, _ID_SINCE.get(name, ALWAYS))
    return found


def _module_slot(name: str, signature: str, since: Version = ALWAYS) -> Slot:
    return Slot(name, None, BY_NAME[signature], since, name, since)


# No two structs have a member of one name.
BY_MEMBER: Final = {name: slot for struct, text in _LAYOUTS.items() for name, slot in _members(struct, text).items()}
MODULE_SLOTS: Final = (
    _module_slot('Py_mod_create', 'module_create'),
    _module_slot('Py_mod_exec', 'module_exec'),
    _module_slot('Py_mod_state_traverse', 'traverse', (3, 15)),
    _module_slot('Py_mod_state_clear', 'clear', (3, 15)),
    _module_slot('Py_mod_state_free', 'module_free', (3, 15)),
)
BY_ID: Final = {slot.id: slot for slot in (*BY_MEMBER.values(), *MODULE_SLOTS) if slot.id}
# Slot ids of types and modules that hold data.
_NO_FUNCTIONS: Final = (
    'Py_tp_base Py_tp_bases Py_tp_doc Py_tp_members Py_tp_methods Py_tp_getset Py_tp_token Py_mod_multiple_interpreters Py_mod_gil '
    'Py_mod_abi Py_mod_name Py_mod_doc Py_mod_state_size Py_mod_methods Py_mod_token '
    # Of 3.15.
    'Py_slot_end Py_slot_subslots Py_mod_slots Py_tp_slots Py_tp_name Py_tp_basicsize Py_tp_extra_basicsize Py_tp_itemsize Py_tp_flags '
    'Py_tp_metaclass Py_tp_module'
)
NO_FUNCTIONS: Final = frozenset(_NO_FUNCTIONS.split())
# How the name of an exported function begins that goes through MODULE_INIT, and since when CPython calls it.
ENTRIES: Final = {'PyInit_': ALWAYS, 'PyModExport_': (3, 15)}
