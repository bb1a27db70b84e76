#include "compile.h"

#include "conf.h"
#include "depfile.h"
#include "diagnose.h"
#include "index.h"
#include "prepare.h"
#include "run.h"
#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void record(const struct call *call, enum outcome outcome, const char *detail)
{
    log_outcome(call->state, outcome, call->command.source, call->command.output, detail);
}

static _Noreturn void run_as_it_is(const struct call *call, enum outcome outcome)
{
    record(call, outcome, NULL);
    execute_original();
}

static bool is_strict(const char *state)
{
    struct conf conf;
    return read_conf(&conf, state) && conf.strict;
}

/* The original is compiled instead.  Only if that works is it worth a word: otherwise the error is the user's own, and the
   compiler has said so. */
static _Noreturn void fall_back(const struct call *call, const char *why)
{
    const char *source = call->command.source;
    struct result result = run_child(call->original, &(struct child_options){.stdout_fd = -1, .stderr_fd = -1});
    if (!succeeded(result)) {
        record(call, result.signal ? OUTCOME_INTERRUPTED : OUTCOME_USER_ERROR, NULL);
        end_like(result);
    }
    record(call, OUTCOME_FALLBACK, why);
    char *text = concat("compiled without trampolines: ", why, NULL);
    if (!is_strict(call->state)) {
        say("warning", source, text);
        end_like(result);
    }
    say("error", source, text);
    char *object = call->command.output ? concat(call->command.output, NULL) : NULL;
    if (object == NULL) { /* as compilers name it */
        object = concat(base_name(source), NULL);
        strcpy(strrchr(object, '.') + 1, "o");
    }
    struct stat status;
    if (lstat(object, &status) == 0 && S_ISREG(status.st_mode))
        unlink(object);
    _exit(1);
}

/* Nothing in the index: read the file, and ask Python only where a table may be in it. */
static struct record find_out(const struct call *call, const char *path, const struct stat *status)
{
    struct view view = {0};
    enum language language = call->command.language;
    if (!open_view(&view, path))
        run_as_it_is(call, OUTCOME_UNREADABLE_SOURCE);
    bool tables = contains(&view, "PyMethodDef") || contains(&view, "PyGetSetDef");
    close_view(&view);
    if (!tables)
        run_as_it_is(call, OUTCOME_NO_TABLES);
    struct record found = {.action = ACTION_UNKNOWN};
    if ((call->state_given || create_state(call->state)) && prepare_source(call->state, path, language))
        found = look_up(call->state, path, status, language);
    return found;
}

/* The words of the call with the unit for the source. */
static struct words routed_command(const struct call *call, const struct unit *unit, char *detour)
{
    const struct command *command = &call->command;
    struct words arguments = {0}, words = {0};
    for (size_t i = 0; i < call->arguments.count; i++)
        add_word(&arguments, call->arguments.items[i]);
    arguments.items[command->source_index] = unit->path;
    if (detour)
        redirect_depfile(&arguments, command, detour);
    for (size_t i = 0; i <= call->compiler; i++)
        add_word(&words, call->original[i]);
    for (size_t i = 0; i < arguments.count; i++)
        add_word(&words, arguments.items[i]);
    /* Last, because the last map is the first that gcc tries. */
    add_word(&words, concat("-ffile-prefix-map=", unit->prefix, "=", unit->source_prefix, NULL));
    if (unit->sibling_prefix)
        add_word(&words, concat("-ffile-prefix-map=", unit->sibling_prefix, "=", unit->source_prefix, NULL));
    if (!command->color_given && wants_color())
        add_word(&words, concat("-fdiagnostics-color=always", NULL));
    return words;
}

static char *death_of(struct result result)
{
    return concat("the compiler was killed by a signal: ", strsignal(WTERMSIG(result.status)), NULL);
}

/* Compiles the unit.  Comes back only where that did not work, with the reason. */
static const char *compile_unit(const struct call *call, const struct unit *unit)
{
    const struct command *command = &call->command;
    char *depfile = depfile_path(command), *detour = depfile ? depfile_detour(call->state, depfile) : NULL;
    if (depfile && detour == NULL)
        return concat(call->state, ": ", strerror(errno), NULL);
    int capture = open_capture();
    if (capture < 0)
        return concat("no room for messages: ", strerror(errno), NULL);
    struct words words = routed_command(call, unit, detour);
    struct child_options options = {.stdout_fd = -1, .stderr_fd = capture, .env_name = "TRAMP_BUILD", .env_value = "off"};
    struct result result = run_child(words.items, &options);
    struct buffer messages = read_capture(capture);
    restore_names(unit, command->source, &messages);
    bool good = succeeded(result);
    const char *why = NULL;
    if (good && detour && !deliver_depfile(detour, depfile, unit, command->source))
        why = concat(depfile, ": ", strerror(errno), NULL);
    else if (!good && detour)
        unlink(detour);
    if (!good)
        why = WIFSIGNALED(result.status) ? death_of(result) : first_error(&messages);
    if (why && !result.signal)
        return why;
    (void)write_all(STDERR_FILENO, messages.data ? messages.data : "", messages.size);
    record(call, good ? OUTCOME_ROUTED : OUTCOME_INTERRUPTED, NULL);
    end_like(result);
}

_Noreturn void compile(const struct call *call)
{
    const struct command *command = &call->command;
    struct stat status;
    struct unit unit;
    char *path = realpath(command->source, NULL);
    if (path == NULL || stat(path, &status) < 0 || !S_ISREG(status.st_mode))
        run_as_it_is(call, OUTCOME_UNREADABLE_SOURCE);
    struct record found = look_up(call->state, path, &status, command->language);
    if (found.action == ACTION_UNKNOWN)
        found = find_out(call, path, &status);
    if (found.action == ACTION_PLAIN)
        run_as_it_is(call, OUTCOME_PLAIN);
    if (found.action == ACTION_UNKNOWN) {
        if (is_strict(call->state))
            fall_back(call, "the file could not be prepared");
        run_as_it_is(call, OUTCOME_PREPARE_FAILED);
    }
    const char *problem = make_unit(&unit, call->state, found.body, command->source, &status);
    if (problem == NULL)
        problem = compile_unit(call, &unit);
    fall_back(call, problem);
}
