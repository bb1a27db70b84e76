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

// What a C++ exception does that is not one: forced unwinding from anywhere.
static PyObject *leave_thread(PyObject *, PyObject *)
{
    PyEval_SaveThread();
    pthread_exit(nullptr);
}
