// Methods that give the GIL away and throw, or are ended, before they have it back.
#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>

static std::atomic<int> holders{0};
static std::atomic<int> waiting{0};

static void sleep_ms(long ms)
{
    std::this_thread::sleep_for(std::chrono::milliseconds(ms));
}

// Sleeps without the GIL; a daemon thread is ended when it asks for it again.
static PyObject *block(PyObject *, PyObject *ms)
{
    const long duration = PyLong_AsLong(ms);
    PyThreadState *state = PyEval_SaveThread();
    sleep_ms(duration);
    PyEval_RestoreThread(state);
    Py_IncRef(Py_None);
    return Py_None;
}

// The same, with the thread in a C++ handler that calls Python, which calls a routed method.
static PyObject *call_in_handler(PyObject *, PyObject *callable)
{
    try {
        throw std::runtime_error("being handled");
    }
    catch (const std::exception &) {
        return PyObject_CallFunctionObjArgs(callable, NULL);
    }
}

static PyObject *throw_detached(PyObject *, PyObject *)
{
    PyEval_SaveThread();
    throw std::invalid_argument("without the GIL");
}

// Waits for throw_while_held(), then keeps the GIL for some time.
static PyObject *hold(PyObject *, PyObject *ms)
{
    const long duration = PyLong_AsLong(ms);
    PyThreadState *state = PyEval_SaveThread();
    while (waiting == 0)
        std::this_thread::yield();
    PyEval_RestoreThread(state);
    holders++;
    sleep_ms(duration);
    holders--;
    Py_IncRef(Py_None);
    return Py_None;
}

// Throws while another thread is in hold().
static PyObject *throw_while_held(PyObject *, PyObject *)
{
    PyEval_SaveThread();
    waiting++;
    while (holders == 0)
        std::this_thread::yield();
    waiting--;
    throw std::invalid_argument("another thread has the GIL");
}

static PyObject *throw_now(PyObject *, PyObject *)
{
    throw std::invalid_argument("with the GIL");
}

static PyObject *throw_after(PyObject *, PyObject *ms)
{
    const long duration = PyLong_AsLong(ms);
    PyEval_SaveThread();
    sleep_ms(duration);
    throw std::invalid_argument("late");
}

// A thread that Python does not know calls a method.
static PyObject *throw_without_state(PyObject *self, PyObject *)
{
    PyThreadState *state = PyEval_SaveThread();
    std::thread([self] { tramp_cxx_noargs(self, nullptr, throw_now, "impl"); }).join();
    PyEval_RestoreThread(state);
    return nullptr;
}

// What this module thinks: exceptions on the way, and one being handled.
static PyObject *machinery(PyObject *, PyObject *)
{
    return PyLong_FromLong(std::uncaught_exceptions() * 10 + (std::current_exception() != nullptr));
}

// Forced unwinding at once.
static PyObject *leave_thread(PyObject *, PyObject *)
{
    PyEval_SaveThread();
    pthread_exit(nullptr);
}
