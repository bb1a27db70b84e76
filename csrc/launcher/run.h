/* Processes: the original command instead of ours, or a child that is waited for. */
#ifndef TRAMP_RUN_H
#define TRAMP_RUN_H

#include <stdbool.h>

/* Must be called first; `argv` is what `execute_original` runs. */
void set_original(char **argv);
char **original_command(void);

/* Becomes the compiler as it was called.  This is also the answer to every doubt and to every error of our own. */
_Noreturn void execute_original(void);

/* How a child ended; `status` as from waitpid.  `signal` is what the launcher itself was sent meanwhile (0: nothing); such a
   signal is passed on to the child. */
struct result {
    int status;
    int signal;
};

struct child_options {
    int stdout_fd, stderr_fd; /* -1: inherited */
    const char *env_name, *env_value; /* one variable more, or NULL */
};

/* Runs and waits.  A command that can not be started ends as a shell has it (127 or 126), with a message on stderr. */
struct result run_child(char *const *argv, const struct child_options *options);

bool succeeded(struct result result);

/* Ends this process as the child ended: same exit code, same signal. */
_Noreturn void end_like(struct result result);

#endif
