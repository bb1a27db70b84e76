// Methods that give the GIL away and throw, or are ended, before they have it back.
#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>

// What passes between throw_while_held() and hold() of two threads.
enum Step { idle, waiting, holding, throwing };
static std::atomic<int> step{idle};

static void wait_for(int wanted)
{
    while (step != wanted)
        std::this_thread::yield();
}

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

// Waits for throw_while_held(), then keeps the GIL until that throws and for some time more.
static PyObject *hold(PyObject *, PyObject *ms)
{
    const long duration = PyLong_AsLong(ms);
    PyThreadState *state = PyEval_SaveThread();
    wait_for(waiting);
    PyEval_RestoreThread(state);
    step = holding;
    wait_for(throwing);
    sleep_ms(duration);
    step = idle;
    Py_IncRef(Py_None);
    return Py_None;
}

// Throws while another thread is in hold().
static PyObject *throw_while_held(PyObject *, PyObject *)
{
    PyEval_SaveThread();
    step = waiting;
    wait_for(holding);
    step = throwing;
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
