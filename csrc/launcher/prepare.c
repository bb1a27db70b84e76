#include "prepare.h"

#include "conf.h"
#include "hash.h"
#include "index.h"
#include "run.h"
#include "serve.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

/* -I keeps the user's directory and environment out of the interpreter, PYTHONPATH with them; so a path goes in by hand. */
static const char bootstrap[] = "import sys,runpy; sys.path.insert(0,sys.argv.pop(1)); "
                                "runpy.run_module('tramp_build.compile',run_name='__main__',alter_sys=True)";

static void add_module(struct words *words, char *python, char *pythonpath)
{
    add_word(words, python);
    add_word(words, concat("-I", NULL));
    if (*pythonpath) {
        add_word(words, concat("-c", NULL));
        add_word(words, concat(bootstrap, NULL));
        add_word(words, pythonpath);
    } else {
        add_word(words, concat("-m", NULL));
        add_word(words, concat("tramp_build.compile", NULL));
    }
}

/* Whether the hook is done; waits a moment if it is not. */
static bool has_ended(int lock)
{
    if (flock(lock, LOCK_SH | LOCK_NB) == 0)
        return true;
    nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    return false;
}

/* Whether the hook will say something about `path`.  It takes a moment until it knows its sources. */
static bool is_listed(const char *state, const char *path, int lock)
{
    struct view view = {0};
    while (!open_view(&view, concat(state, "/preparing.list", NULL)))
        if (has_ended(lock))
            return true;
    bool listed = contains(&view, concat("\n", path, "\n", NULL));
    close_view(&view);
    return listed;
}

static int open_preparing(const char *state)
{
    return open(concat(state, "/preparing", NULL), O_RDONLY | O_CLOEXEC);
}

struct record look_up_or_wait(const char *state, const char *path, const struct stat *status, const char *language)
{
    struct record found = look_up(state, path, status, language);
    int lock = found.action == ACTION_UNKNOWN ? open_preparing(state) : -1;
    if (lock < 0)
        return found;
    for (bool ended = !is_listed(state, path, lock); found.action == ACTION_UNKNOWN && !ended;) {
        ended = has_ended(lock); /* in front of the last look */
        found = look_up(state, path, status, language);
    }
    close(lock);
    return found;
}

static void wait_for_hook(const char *state)
{
    int lock = open_preparing(state);
    while (lock >= 0 && flock(lock, LOCK_SH) < 0 && errno == EINTR)
        continue;
    if (lock >= 0)
        close(lock);
}

/* Our stdout may be something that the build reads. */
static bool run_quietly(const struct words *words)
{
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    struct result result = run_child(words->items, &(struct child_options){.stdout_fd = null, .stderr_fd = -1});
    close(null);
    if (result.signal)
        end_like(result);
    return succeeded(result);
}

/* One call at a time asks about a source.  The lock goes with what is returned, or with the process. */
static int open_turn(const char *state, const char *path, int operation)
{
    char name[NAME_SIZE + 1];
    name_of(path, name);
    if (!make_directories(concat(state, "/locks", NULL)))
        return -1;
    int fd = open(concat(state, "/locks/", name, NULL), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    while (fd >= 0 && flock(fd, operation) < 0) {
        if (errno == EINTR)
            continue;
        close(fd);
        return -1;
    }
    return fd;
}

static void end_turn(int turn)
{
    if (turn >= 0)
        close(turn); /* a source whose rows a macro makes is asked about twice */
}

static struct words question(const char *state, const char *path, const char *language, const char *answer)
{
    struct words words = {0};
    add_word(&words, concat("--state", NULL));
    add_word(&words, concat(state, NULL));
    add_word(&words, concat("--language", NULL));
    add_word(&words, concat(language, NULL));
    if (answer) {
        add_word(&words, concat("--answer", NULL));
        add_word(&words, concat(answer, NULL));
    }
    add_word(&words, concat("--", NULL));
    add_word(&words, concat(path, NULL));
    return words;
}

static bool ask_interpreter(const char *state, const struct words *question, int gate)
{
    struct conf conf;
    struct words words = {0};
    struct buffer number = {0};
    if (!read_conf(&conf, state))
        return false;
    add_module(&words, conf.python, conf.pythonpath);
    if (gate >= 0 && fcntl(gate, F_SETFD, 0) == 0) {
        add_number(&number, (unsigned long long)gate);
        add_word(&words, concat("--gate", NULL));
        add_word(&words, number.data);
    }
    for (size_t i = 0; i < question->count; i++)
        add_word(&words, question->items[i]);
    return run_quietly(&words);
}

/* `gate`: what is given to the process, which opens it; or -1. */
static bool ask(const char *state, const char *path, const char *language, const char *answer, int gate)
{
    struct words words = question(state, path, language, answer);
    switch (ask_server(state, &words, gate)) {
    case SERVER_DONE:
        return true;
    case SERVER_FAILED:
        return false;
    case SERVER_NONE:
        break;
    }
    return ask_interpreter(state, &words, gate);
}

static bool is_known(const char *state, const char *path, const struct stat *status, const char *language)
{
    return look_up(state, path, status, language).action != ACTION_UNKNOWN;
}

bool prepare_source(const char *state, const char *path, const struct stat *status, const char *language, const char *answer, bool again)
{
    wait_for_hook(state);
    int turn = open_turn(state, path, LOCK_EX);
    /* Somebody else may have asked meanwhile. */
    bool good = (!again && is_known(state, path, status, language)) || ask(state, path, language, answer, -1);
    end_turn(turn);
    return good;
}

bool prepare_together(const char *state, const char *path, const struct stat *status, const char *language)
{
    wait_for_hook(state);
    int gate = open_turn(state, "", LOCK_EX);
    int turn = open_turn(state, path, LOCK_EX | LOCK_NB);
    bool mine = gate >= 0 && turn >= 0;
    bool good = mine && (is_known(state, path, status, language) || ask(state, path, language, NULL, gate));
    end_turn(turn);
    end_turn(gate);
    return mine ? good : prepare_source(state, path, status, language, NULL, false);
}

/* The interpreter of the environment that this program was installed into. */
static char *find_python(void)
{
    struct buffer self = {0};
    char path[4096];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path);
    if (length <= 0 || length >= (ssize_t)sizeof path)
        return concat("python3", NULL);
    add_bytes(&self, path, (size_t)length);
    char *python = concat(directory_prefix(self.data), "python3", NULL);
    return access(python, X_OK) == 0 ? python : concat("python3", NULL);
}

bool create_state(const char *state)
{
    struct words words = {0};
    struct stat status;
    if (stat(concat(state, "/conf", NULL), &status) == 0)
        return true;
    add_module(&words, find_python(), concat("", NULL));
    add_word(&words, concat("--init", NULL));
    add_word(&words, concat(state, NULL));
    return run_quietly(&words);
}
