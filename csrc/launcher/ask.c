#include "ask.h"

#include "args.h"
#include "hash.h"
#include "options.h"
#include "prepare.h"
#include "route.h"
#include "run.h"
#include "unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What has to do with objects and dependencies alone; the preprocessor would write its output or its dependencies elsewhere. */
static bool is_dropped(const struct option *option, const char *word)
{
    if (option && (option->meaning == MEANS_COMPILE || option->meaning == MEANS_OUTPUT))
        return true;
    return starts_with(word, "-M") || starts_with(word, "-Wp,-M");
}

/* The position among the words of the call of a source that is not asked about. */
static bool is_other_source(const struct command *command, size_t index)
{
    for (size_t i = 0; i < command->source_count; i++)
        if (command->sources[i].index == index)
            return true;
    return false;
}

/* The compiler itself, without what may stand in front of it: there is nothing to cache or to distribute. */
static struct words preprocessor_words(const struct call *call, const struct source *source, const struct unit *unit)
{
    struct words words = {0};
    char *const *given = call->arguments.items;
    add_word(&words, call->original[call->compiler]);
    for (size_t i = 0; i < call->arguments.count; i++) {
        const struct option *option = given[i][0] == '-' ? find_option(given[i]) : NULL;
        bool pair = option && takes_next(option, given[i]) && i + 1 < call->arguments.count;
        if (is_dropped(option, given[i]) || (i != source->index && is_other_source(&call->command, i))) {
            i += pair;
            continue;
        }
        add_word(&words, i == source->index ? unit->path : given[i]);
        if (pair)
            add_word(&words, given[++i]);
    }
    add_word(&words, concat("-E", NULL));
    add_word(&words, concat("-o", NULL));
    add_word(&words, unit->depfile);
    return words;
}

/* The answer lies where the unit's dependencies would.  Whoever compiles will say what there is to say. */
static bool preprocess(const struct call *call, const struct source *source, const struct unit *unit)
{
    struct words words = preprocessor_words(call, source, unit);
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    struct child_options options = {.stdout_fd = null, .stderr_fd = null, .env_name = "TRAMP_BUILD", .env_value = "off"};
    struct result result = run_child(words.items, &options);
    close(null);
    if (result.signal) {
        remove_unit(unit);
        end_like(result);
    }
    return succeeded(result);
}

static struct record take_answer(const char *state, const char *path, const struct stat *status, const char *language, const char *answer,
                                 bool again)
{
    struct record found = {.action = ACTION_UNKNOWN};
    struct view view = {0};
    char sum[NAME_SIZE + 1];
    if (!open_view(&view, answer))
        return found;
    name_of_bytes(view.data, view.size, sum);
    close_view(&view);
    char *answered = concat(language, "@", sum, NULL);
    if (!again)
        found = look_up(state, path, status, answered);
    if (found.action == ACTION_UNKNOWN && prepare_source(state, path, status, answered, answer, again))
        found = look_up(state, path, status, answered);
    return found;
}

struct record ask_preprocessor(const struct call *call, const struct source *source, const char *path, const struct stat *status,
                               struct record found, bool again)
{
    const char *state = call->state, *output = call->command.output, *language = language_name(source->language);
    bool clang = is_clang(call->original[call->compiler]);
    struct unit unit;
    const char *problem = make_unit(&unit, state, found.body, output, source, status, clang, false);
    if (problem && unit.stale && prepare_source(state, path, status, language, NULL, true)) {
        found = look_up(state, path, status, language);
        if (found.action != ACTION_ASK)
            return found;
        problem = make_unit(&unit, state, found.body, output, source, status, clang, false);
    }
    found.action = ACTION_UNKNOWN;
    if (problem == NULL) {
        if (preprocess(call, source, &unit))
            found = take_answer(state, path, status, language, unit.depfile, again);
        remove_unit(&unit);
    }
    if (found.action == ACTION_UNKNOWN && !is_strict(state))
        found = look_up(state, path, status, concat(language, "@", NULL));
    return found;
}
