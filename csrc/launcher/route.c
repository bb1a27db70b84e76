#include "route.h"

#include "args.h"
#include "ask.h"
#include "conf.h"
#include "depfile.h"
#include "diagnose.h"
#include "index.h"
#include "prepare.h"
#include "unity.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

bool is_strict(const char *state)
{
    struct conf conf;
    return read_conf(&conf, state) && conf.strict;
}

/* Python says what is to be done.  In strict mode it may say that the build fails, which is no matter for the call of another source. */
static bool ask_python(const struct call *call, const char *path, const struct stat *status, const char *language, bool together)
{
    if (!call->state_given && !create_state(call->state))
        return false;
    if (together && !is_strict(call->state))
        return prepare_together(call->state, path, status, language);
    return prepare_source(call->state, path, status, language, NULL, false);
}

/* Nothing in the index: read the file, and ask Python only where a table may be in it. */
static enum outcome find_out(const struct call *call, const char *path, const struct stat *status, const char *language,
                             struct record *found)
{
    struct view view = {0};
    if (!open_view(&view, path))
        return OUTCOME_UNREADABLE_SOURCE;
    bool tables = might_have_tables(&view), together = !tables && includes_tables(&view, call->state, language);
    close_view(&view);
    if (!tables && !together)
        return OUTCOME_NO_TABLES;
    if (ask_python(call, path, status, language, together))
        *found = look_up(call->state, path, status, language);
    return OUTCOME_PREPARE_FAILED;
}

enum outcome decide(const struct call *call, const struct source *source, struct routed *routed)
{
    struct stat status;
    char *path = realpath(source->path, NULL);
    if (path == NULL || stat(path, &status) < 0 || !S_ISREG(status.st_mode))
        return OUTCOME_UNREADABLE_SOURCE;
    const char *language = language_name(source->language);
    struct record found = look_up_or_wait(call->state, path, &status, language);
    enum outcome outcome = OUTCOME_NONE;
    if (found.action == ACTION_UNKNOWN)
        outcome = find_out(call, path, &status, language, &found);
    if (found.action == ACTION_ASK) {
        found = ask_preprocessor(call, source, path, &status, found, false);
        outcome = OUTCOME_PREPARE_FAILED;
    }
    if (found.action == ACTION_UNKNOWN)
        return outcome;
    if (found.action == ACTION_PLAIN)
        return OUTCOME_PLAIN;
    bool clang = is_clang(call->original[call->compiler]), assembly = !call->command.no_assembly;
    routed->source = source;
    routed->problem = make_unit(&routed->unit, call->state, found.body, call->command.output, source, &status, clang,
                                assembly);
    if (routed->problem == NULL || !routed->unit.stale || !prepare_source(call->state, path, &status, language, NULL, true))
        return OUTCOME_ROUTED;
    found = look_up(call->state, path, &status, language);
    if (found.action == ACTION_ASK)
        found = ask_preprocessor(call, source, path, &status, found, true);
    if (found.action != ACTION_ROUTED)
        return OUTCOME_PLAIN;
    routed->problem = make_unit(&routed->unit, call->state, found.body, call->command.output, source, &status, clang,
                                assembly);
    return OUTCOME_ROUTED;
}

/* Maps go last, because the last map is the first that gcc tries; clang before 16 tries them in alphabetical order, so that none
   may begin like another. */
static void add_maps(struct words *words, const struct routed *routed)
{
    const struct unit *unit = &routed->unit;
    add_word(words, concat("-ffile-prefix-map=", unit->path, "=", routed->source->path, NULL));
    for (size_t i = 0; i < unit->parts.count; i++)
        add_word(words, concat("-ffile-prefix-map=", unit->parts.items[i], "=", unit->spelled.items[i], NULL));
    if (unit->sibling_prefix)
        add_word(words, concat("-ffile-prefix-map=", unit->sibling_prefix, "=", unit->sibling_spelled, NULL));
}

struct words routed_words(const struct call *call, const struct routed *routed, size_t count, char *detour)
{
    struct words arguments = {0}, words = {0};
    for (size_t i = 0; i < call->arguments.count; i++)
        add_word(&arguments, call->arguments.items[i]);
    for (size_t i = 0; i < count; i++)
        arguments.items[routed[i].source->index] = routed[i].unit.path;
    if (detour)
        redirect_depfile(&arguments, &call->command, detour);
    for (size_t i = 0; i <= call->compiler; i++)
        add_word(&words, call->original[i]);
    for (size_t i = 0; i < arguments.count; i++)
        add_word(&words, arguments.items[i]);
    for (size_t i = 0; i < count; i++)
        add_maps(&words, &routed[i]);
    if (!call->command.color_given && wants_color())
        add_word(&words, concat("-fdiagnostics-color=always", NULL));
    return words;
}

static char *death_of(struct result result)
{
    return concat("the compiler was killed by a signal: ", strsignal(WTERMSIG(result.status)), NULL);
}

const char *run_routed(const struct words *words, const struct routed *routed, size_t count, struct result *result)
{
    int capture = open_capture();
    if (capture < 0)
        return concat("no room for messages: ", strerror(errno), NULL);
    /* A second launcher further inside (CC="tramp-cc gcc" and a hook) must not take the unit for a source. */
    struct child_options options = {.stdout_fd = -1, .stderr_fd = capture, .env_name = "TRAMP_BUILD", .env_value = "off"};
    *result = run_child(words->items, &options);
    struct buffer messages = read_capture(capture);
    for (size_t i = 0; i < count; i++)
        restore_names(&routed[i].unit, routed[i].source->path, &messages);
    if (!succeeded(*result) && result->signal == 0)
        return WIFSIGNALED(result->status) ? death_of(*result) : first_error(&messages);
    (void)write_all(STDERR_FILENO, messages.data ? messages.data : "", messages.size);
    return NULL;
}

/* What the call has written, whatever it is: in strict mode nobody is to go on with it. */
static void remove_output(const struct command *command, const char *source)
{
    char *path = concat(command->output ? command->output : command->compiling ? base_name(source) : "a.out", NULL);
    char *dot = strrchr(path, '.');
    struct stat status;
    if (command->output == NULL && command->compiling && dot)
        path = (*dot = '\0', concat(path, ".o", NULL));
    if (lstat(path, &status) == 0 && S_ISREG(status.st_mode))
        unlink(path);
}

struct result fall_back(const struct call *call, char **argv, const char *source, const char *why)
{
    const char *output = call->command.output;
    struct result result = run_child(argv, &(struct child_options){.stdout_fd = -1, .stderr_fd = -1});
    if (!succeeded(result)) {
        log_outcome(call->state, result.signal ? OUTCOME_INTERRUPTED : OUTCOME_USER_ERROR, source, output, NULL);
        end_like(result);
    }
    log_outcome(call->state, OUTCOME_FALLBACK, source, output, why);
    char *text = concat("compiled without trampolines: ", why, NULL);
    if (!is_strict(call->state)) {
        say("warning", source, text);
        return result;
    }
    say("error", source, text);
    remove_output(&call->command, source);
    _exit(1);
}
