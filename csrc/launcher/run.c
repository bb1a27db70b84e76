#include "run.h"

#include "util.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char **original;
static volatile sig_atomic_t child, received;

static const int forwarded[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
enum { FORWARDED = sizeof forwarded / sizeof forwarded[0] };

void set_original(char **argv)
{
    original = argv;
}

char **original_command(void)
{
    return original;
}

static _Noreturn void execute(char *const *argv)
{
    execvp(argv[0], argv);
    int error = errno;
    fprintf(stderr, "tramp-build: error: %s: %s\n", argv[0], strerror(error));
    _exit(error == ENOENT ? 127 : 126);
}

_Noreturn void execute_original(void)
{
    execute(original);
}

static void forward(int number)
{
    received = number;
    if (child > 0)
        kill((pid_t)child, number);
}

static _Noreturn void become(char *const *argv, const struct child_options *options, const sigset_t *mask)
{
    for (size_t i = 0; i < FORWARDED; i++) {
        struct sigaction now;
        if (sigaction(forwarded[i], NULL, &now) == 0 && now.sa_handler == forward)
            signal(forwarded[i], SIG_DFL);
    }
    sigprocmask(SIG_SETMASK, mask, NULL);
    if ((options->stdout_fd >= 0 && dup2(options->stdout_fd, STDOUT_FILENO) < 0) ||
        (options->stderr_fd >= 0 && dup2(options->stderr_fd, STDERR_FILENO) < 0) ||
        (options->env_name && setenv(options->env_name, options->env_value, 1) < 0))
        _exit(126);
    execute(argv);
}

static void catch_signals(struct sigaction *before)
{
    struct sigaction action = {.sa_handler = forward};
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < FORWARDED; i++) {
        sigaction(forwarded[i], NULL, &before[i]);
        if (before[i].sa_handler != SIG_IGN) /* nohup stays in force */
            sigaction(forwarded[i], &action, NULL);
    }
}

struct result run_child(char *const *argv, const struct child_options *options)
{
    struct sigaction before[FORWARDED], chld, chld_before;
    sigset_t blocked, mask;
    received = 0;
    /* A parent that ignores SIGCHLD would leave nothing to wait for. */
    memset(&chld, 0, sizeof chld);
    chld.sa_handler = SIG_DFL;
    sigaction(SIGCHLD, &chld, &chld_before);
    sigemptyset(&blocked);
    for (size_t i = 0; i < FORWARDED; i++)
        sigaddset(&blocked, forwarded[i]);
    sigprocmask(SIG_BLOCK, &blocked, &mask); /* until `child` is known to the handler */
    catch_signals(before);
    pid_t pid = fork();
    if (pid == 0)
        become(argv, options, &mask);
    if (pid < 0)
        execute_original();
    child = pid;
    sigprocmask(SIG_SETMASK, &mask, NULL);
    /* The child stays a zombie until the handler can not see its id any more: the id might be someone else's by then. */
    siginfo_t ended;
    while (waitid(P_PID, (id_t)pid, &ended, WEXITED | WNOWAIT) < 0 && errno == EINTR)
        continue;
    sigprocmask(SIG_BLOCK, &blocked, NULL);
    child = 0;
    int status = 0x7f00;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    sigprocmask(SIG_SETMASK, &mask, NULL);
    for (size_t i = 0; i < FORWARDED; i++)
        sigaction(forwarded[i], &before[i], NULL);
    sigaction(SIGCHLD, &chld_before, NULL);
    return (struct result){.status = status, .signal = received};
}

bool succeeded(struct result result)
{
    return result.signal == 0 && WIFEXITED(result.status) && WEXITSTATUS(result.status) == 0;
}

_Noreturn void end_like(struct result result)
{
    int number = result.signal ? result.signal : WIFSIGNALED(result.status) ? WTERMSIG(result.status) : 0;
    if (number == 0)
        _exit(WEXITSTATUS(result.status));
    sigset_t one;
    sigemptyset(&one);
    sigaddset(&one, number);
    signal(number, SIG_DFL);
    sigprocmask(SIG_UNBLOCK, &one, NULL);
    raise(number);
    _exit(128 + number);
}
