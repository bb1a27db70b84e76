/* thread_state.c: which thread state a method had on entry, found when an exception arrives.
 *
 * Overview.  A method that throws between Py_BEGIN_ALLOW_THREADS and its end arrives without a thread state, and has nothing left that
 * names it: the variable was in a frame that is gone.  To save it on every entry would cost more than the whole trampoline.
 *
 * From 3.12 it is simple.  The current thread state is a thread-local variable, so "is one attached" has an answer, and the one that
 * was attached last is what PyGILState_GetThisThreadState gives, in subinterpreters too.
 *
 * Up to 3.11 neither holds.  The current thread state is one variable of the process, that of whoever has the GIL, perhaps another
 * thread; and PyGILState_GetThisThreadState gives the first thread state that the thread ever had, although it may have others, one
 * for each interpreter that it works in.  Those four versions are closed, so their structures are known and will not change:
 *
 *  1. The current one is the first one of this thread: attached.
 *  2. There is none: not attached.
 *  3. There are no subinterpreters: a thread has no other than its first one, so the current one is another thread's: not attached.
 *  4. Else the current one is this thread's if it carries this thread's identifier.  It may be freed while that is read if it belongs
 *     to another thread that ends right then; the memory of a small block stays readable, and what is read then can not be our number.
 *
 * If it is not attached, the first one is attached, which gets the one GIL that these versions have.  Under it the lists of all thread
 * states hold still and are searched for those of this thread.  Of several, that one was current on entry whose evaluation loop is
 * innermost on this stack:
 *
 *  - 3.10 and 3.11: a thread state that runs Python code points to a structure in the frame of its innermost evaluation loop (cframe);
 *    the nearest one wins.  This is exact.
 *  - 3.8 and 3.9: only one with a current frame object runs Python code at all.  If there are several still, the evaluation loop keeps
 *    its thread state in a local variable: the one whose address is met first on the stack, from the trampoline outwards, wins.
 *
 * Concurrency.  All functions that are not in the limited API are looked up by name, for they differ between versions. */
#define _GNU_SOURCE /* pthread_getattr_np */
#include "python_side.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>

typedef PyThreadState *current_function(void);
typedef PyInterpreterState *interpreter_function(void);
typedef PyInterpreterState *next_interpreter_function(PyInterpreterState *);
typedef PyThreadState *first_thread_function(PyInterpreterState *);
typedef PyThreadState *next_thread_function(PyThreadState *);

#define LOOK_UP(type, name) ((type *)(uintptr_t)dlsym(RTLD_DEFAULT, name))

/* Up to 3.11: no structure is shorter than this, and the identifier is in the first 33 words. */
enum { THREAD_STATE_WORDS = 33, FRAME_WORD = 3 };

/* The part of this thread's stack that was in use when the method was called.  Nothing of what came later: there, slots that no one
 * has written to yet have leftovers of earlier calls. */
struct stack {
    const uintptr_t *from;
    const uintptr_t *to;
};

/* 9 stands for 3.8 as well.  Not by Py_GetVersion: up to 3.11 it writes its answer to a buffer of the process at each call, and here
 * the GIL may be another thread's. */
static int minor_version(void)
{
    const unsigned long *version = LOOK_UP(const unsigned long, "Py_Version"); /* 3.11 */

    if (version != NULL)
        return (int)(*version >> 16 & 0xff);
    return dlsym(RTLD_DEFAULT, "PyModule_AddObjectRef") != NULL ? 10 : 9;
}

static PyThreadState *current(void)
{
    current_function *unchecked = LOOK_UP(current_function, "PyThreadState_GetUnchecked"); /* 3.13 */

    if (unchecked == NULL)
        unchecked = LOOK_UP(current_function, "_PyThreadState_UncheckedGet");
    if (unchecked != NULL)
        return unchecked();
    return PyThreadState_GetDict() != NULL ? PyThreadState_Get() : NULL;
}

static int is_own(const PyThreadState *state)
{
    const uintptr_t *words = (const uintptr_t *)state;

    for (int i = 0; i < THREAD_STATE_WORDS; i++)
        if (words[i] == (uintptr_t)pthread_self())
            return 1;
    return 0;
}

static int has_subinterpreters(void)
{
    interpreter_function *newest = LOOK_UP(interpreter_function, "PyInterpreterState_Head");
    interpreter_function *main = LOOK_UP(interpreter_function, "PyInterpreterState_Main");

    return newest != NULL && main != NULL && newest() != main();
}

static int is_attached(int minor, PyThreadState *first)
{
    PyThreadState *state = current();

    if (state == NULL)
        return 0;
    if (minor >= 12 || state == first)
        return 1;
    return (first == NULL || has_subinterpreters()) && is_own(state);
}

/* From `from` outwards.  Empty if that is not on the stack that the thread began with (fibers, coroutines). */
static struct stack own_stack(const void *from)
{
    struct stack stack = {NULL, NULL};
    pthread_attr_t attributes;
    void *base;
    size_t size;

    if (pthread_getattr_np(pthread_self(), &attributes) != 0)
        return stack;
    if (pthread_attr_getstack(&attributes, &base, &size) == 0 && from > base && (const char *)from < (char *)base + size) {
        stack.from = from;
        stack.to = (const uintptr_t *)((char *)base + size);
    }
    pthread_attr_destroy(&attributes);
    return stack;
}

/* 3.10 and 3.11: where the innermost evaluation loop of `state` has its cframe. */
static const uintptr_t *innermost_loop(const PyThreadState *state, struct stack stack)
{
    const uintptr_t *words = (const uintptr_t *)state;

    for (int i = 0; i < THREAD_STATE_WORDS; i++)
        if (words[i] >= (uintptr_t)stack.from && words[i] < (uintptr_t)stack.to)
            return (const uintptr_t *)words[i];
    return NULL;
}

/* 3.8 and 3.9: where the stack has the address of `state`, if that runs Python code. */
__attribute__((no_sanitize("address"))) static const uintptr_t *nearest_mention(const PyThreadState *state, struct stack stack)
{
    if (((const uintptr_t *)state)[FRAME_WORD] == 0)
        return NULL;
    for (const uintptr_t *word = stack.from; word < stack.to; word++)
        if (*word == (uintptr_t)state)
            return word;
    return NULL;
}

/* Up to 3.11, with the GIL: the thread state of this thread whose evaluation loop is innermost.  The interpreters come newest first,
 * and without evidence the first one found stands. */
static PyThreadState *innermost(int minor, PyThreadState *fallback, struct stack stack)
{
    interpreter_function *newest = LOOK_UP(interpreter_function, "PyInterpreterState_Head");
    next_interpreter_function *older = LOOK_UP(next_interpreter_function, "PyInterpreterState_Next");
    first_thread_function *first = LOOK_UP(first_thread_function, "PyInterpreterState_ThreadHead");
    next_thread_function *next = LOOK_UP(next_thread_function, "PyThreadState_Next");
    const uintptr_t *nearest = NULL;
    PyThreadState *found = NULL;

    if (newest == NULL || older == NULL || first == NULL || next == NULL)
        return fallback;
    for (PyInterpreterState *interpreter = newest(); interpreter != NULL; interpreter = older(interpreter))
        for (PyThreadState *state = first(interpreter); state != NULL; state = next(state)) {
            if (!is_own(state))
                continue;
            const uintptr_t *place = minor >= 10 ? innermost_loop(state, stack) : nearest_mention(state, stack);
            if (found == NULL || (place != NULL && (nearest == NULL || place < nearest))) {
                found = state;
                nearest = place;
            }
        }
    return found != NULL ? found : fallback;
}

void tramp_attach(const char *method, const void *frame)
{
    int minor = minor_version();
    PyThreadState *last = PyGILState_GetThisThreadState();

    if (is_attached(minor, last))
        return;
    if (minor < 12 && last == NULL)
        last = innermost(minor, NULL, own_stack(frame));
    if (last == NULL)
        tramp_panic(method, "a C++ exception arrived in a thread that has no Python thread state");
    PyEval_RestoreThread(last);
    if (minor < 12 && has_subinterpreters())
        PyThreadState_Swap(innermost(minor, last, own_stack(frame)));
}
