#include "link.h"

#include "conf.h"
#include "diagnose.h"
#include "prepare.h"
#include "route.h"
#include "scan.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Room for the path that the wheel step writes in place; any number of slashes is one. */
enum { RPATH_ROOM = 160 };

struct libraries {
    char *c, *cxx;
    bool c_shared, cxx_shared;
};

static _Noreturn void run_as_it_is(const struct call *call, enum outcome outcome)
{
    log_outcome(call->state, outcome, NULL, call->command.output, NULL);
    execute_original();
}

static bool file_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

/* A static library that is named by -l and lies in a directory named by -L; the system's own never use libtramp. */
static bool library_uses(const struct command *command, const char *name)
{
    for (size_t i = 0; i < command->library_paths.count; i++) {
        char *stem = concat(command->library_paths.items[i], name[0] == ':' ? "/" : "/lib", name + (name[0] == ':'), NULL);
        char *archive = name[0] == ':' ? stem : concat(stem, ".a", NULL);
        if (name[0] != ':' && !command->static_link && file_exists(concat(stem, ".so", NULL)))
            return false;
        if (file_exists(archive))
            return uses_libtramp(archive);
    }
    return false;
}

static bool anything_uses(const struct command *command)
{
    for (size_t i = 0; i < command->inputs.count; i++)
        if (uses_libtramp(command->inputs.items[i]))
            return true;
    for (size_t i = 0; i < command->libraries.count; i++)
        if (library_uses(command, command->libraries.items[i]))
            return true;
    return false;
}

/* An exception that is thrown by one C++ run time and caught by another is not caught at all: a module that carries its own
   needs its own barrier. */
static bool has_static_runtime(const struct command *command)
{
    bool found = command->static_runtime || command->static_link;
    for (size_t i = 0; i < command->inputs.count; i++)
        found |= strcmp(base_name(command->inputs.items[i]), "libstdc++.a") == 0;
    for (size_t i = 0; i < command->libraries.count; i++)
        found |= strcmp(command->libraries.items[i], ":libstdc++.a") == 0;
    return found;
}

static char *library_path(const struct conf *conf, const char *name, bool shared)
{
    return shared ? concat(conf->libdir, "/", name, "-", conf->version, ".so", NULL) : concat(conf->libdir, "/", name, ".a", NULL);
}

static struct libraries choose_libraries(const struct command *command, const struct conf *conf)
{
    struct libraries libraries = {.c_shared = !conf->link_static && !command->static_link};
    libraries.cxx_shared = libraries.c_shared && !has_static_runtime(command);
    libraries.c = library_path(conf, "libtramp", libraries.c_shared);
    libraries.cxx = library_path(conf, "libtramp-cxx", libraries.cxx_shared);
    return libraries;
}

static char *rpath_option(const struct conf *conf)
{
    struct buffer option = {0};
    add_text(&option, "-Wl,-rpath,");
    if (conf->rpath_origin)
        add_text(&option, "$ORIGIN");
    for (int i = 0; conf->rpath_origin && i < RPATH_ROOM; i++)
        add_text(&option, "/");
    if (conf->rpath_libdir) {
        add_text(&option, conf->rpath_origin ? ":" : "");
        add_text(&option, conf->libdir);
    }
    return option.data;
}

static void add_libraries(struct words *words, const struct conf *conf, const struct libraries *libraries)
{
    if (!libraries->cxx_shared)
        add_word(words, libraries->cxx);
    if (!libraries->c_shared) {
        add_word(words, libraries->c);
        return;
    }
    add_word(words, concat("-Wl,--push-state,--as-needed", NULL));
    add_word(words, libraries->c);
    if (libraries->cxx_shared)
        add_word(words, libraries->cxx);
    add_word(words, concat("-Wl,--pop-state", NULL));
    add_word(words, rpath_option(conf));
}

/* Whether the output names the library as one that it needs: a string of its own in the string table. */
static bool needs(const struct view *output, const char *library)
{
    const char *name = base_name(library);
    struct buffer string = {0};
    add_bytes(&string, "", 1);
    add_bytes(&string, name, strlen(name) + 1);
    return memmem(output->data, output->size, string.data, string.size) != NULL;
}

/* Whether the output needs the shared barrier and no shared C++ run time, having the code of one itself: the words that it
   would die with are in it. */
static bool carries_runtime(const char *output, const struct libraries *libraries)
{
    struct view view = {0};
    if (!open_view(&view, output))
        return false;
    bool carries = needs(&view, libraries->cxx) && !needs(&view, "libstdc++.so.6") && contains(&view, "terminate called after throwing");
    close_view(&view);
    return carries;
}

/* The module finds the library beside it until the wheel step has put it elsewhere.  A copy is whole or not there. */
static bool put_beside(const char *output, const char *library)
{
    struct stat old, new;
    struct view view = {0};
    char *target = concat(directory_prefix(output), base_name(library), NULL);
    if (stat(library, &new) < 0)
        return false;
    if (stat(target, &old) == 0 && ((old.st_ino == new.st_ino && old.st_dev == new.st_dev) ||
                                    (old.st_size == new.st_size && old.st_mtim.tv_sec == new.st_mtim.tv_sec)))
        return true;
    if (!open_view(&view, library))
        return false;
    bool good = write_file(target, view.data, view.size, &new.st_mtim);
    close_view(&view);
    return good;
}

/* What is to be done with the finished output; false where it uses no libtramp after all. */
static bool finish(const struct conf *conf, const struct libraries *libraries, const char *output)
{
    struct view view = {0};
    struct stat status;
    if (!libraries->c_shared || stat(output, &status) < 0 || !S_ISREG(status.st_mode) || !open_view(&view, output))
        return true;
    bool c = needs(&view, libraries->c), cxx = libraries->cxx_shared && needs(&view, libraries->cxx);
    close_view(&view);
    if (conf->rpath_origin && ((c && !put_beside(output, libraries->c)) || (cxx && !put_beside(output, libraries->cxx))))
        say("warning", output, concat("libtramp could not be put beside it: ", strerror(errno), NULL));
    return c || cxx || !libraries->cxx_shared;
}

/* Sources that are compiled by the same call: all that can be routed, in `routed`.  A problem with one of them leaves all as
   they are. */
static size_t route_sources(const struct call *call, struct routed *routed, const char **problem)
{
    const struct command *command = &call->command;
    size_t count = 0;
    for (size_t i = 0; command->refusal == OUTCOME_NONE && i < command->source_count; i++) {
        enum outcome outcome = decide(call, &command->sources[i], &routed[count]);
        if (outcome == OUTCOME_ROUTED && routed[count].problem)
            *problem = routed[count].problem;
        else if (outcome == OUTCOME_PREPARE_FAILED && is_strict(call->state))
            *problem = "a file could not be prepared";
        count += outcome == OUTCOME_ROUTED;
    }
    return count;
}

static struct words as_given(const struct call *call)
{
    struct words words = {0};
    for (char **word = call->original; *word; word++)
        add_word(&words, *word);
    return words;
}

/* A link of objects alone, which says what it has to say while it runs. */
static struct result link_objects(const struct call *call, const struct words *words)
{
    struct result result = run_child(words->items, &(struct child_options){.stdout_fd = -1, .stderr_fd = -1});
    if (!succeeded(result)) {
        log_outcome(call->state, result.signal ? OUTCOME_INTERRUPTED : OUTCOME_LINK_FAILED, NULL, call->command.output, NULL);
        end_like(result);
    }
    return result;
}

/* Compiles units and links in one call; where that does not work, the sources are compiled as they are, and `fell_back`. */
static struct result compile_and_link(const struct call *call, const struct words *words, const struct words *without,
                                      const struct routed *routed, size_t count, const char *problem, bool *fell_back)
{
    struct result result = {0};
    if (problem == NULL)
        problem = run_routed(words, routed, count, &result);
    for (size_t i = 0; i < count; i++)
        remove_unit(&routed[i].unit);
    *fell_back = problem != NULL;
    if (problem)
        return fall_back(call, without->items, call->command.sources[0].path, problem);
    for (size_t i = 0; i < count; i++)
        log_outcome(call->state, result.signal ? OUTCOME_INTERRUPTED : OUTCOME_ROUTED, routed[i].source->path, call->command.output, NULL);
    if (result.signal)
        end_like(result);
    return result;
}

/* A link that turned out to carry a C++ run time of its own, however it was asked for, is done again for the static barrier. */
static struct result link_again(const struct call *call, struct words words, const struct conf *conf, struct libraries *libraries)
{
    libraries->cxx_shared = false;
    libraries->cxx = library_path(conf, "libtramp-cxx", false);
    add_libraries(&words, conf, libraries);
    return link_objects(call, &words);
}

/* Runs the link with libtramp and sees to what comes out. */
static _Noreturn void link_with(const struct call *call, const struct conf *conf, const struct routed *routed, size_t count,
                                const char *problem, bool uses)
{
    const char *output = call->command.output ? call->command.output : "a.out";
    bool one_step = count || problem, fell_back = false;
    struct libraries libraries = choose_libraries(&call->command, conf);
    struct words without = as_given(call), again = as_given(call);
    struct words words = count && !problem ? routed_words(call, routed, count, NULL) : as_given(call);
    if (uses)
        add_libraries(&without, conf, &libraries);
    add_libraries(&words, conf, &libraries);
    struct result result = one_step ? compile_and_link(call, &words, &without, routed, count, problem, &fell_back)
                                    : link_objects(call, &words);
    if (fell_back && !uses)
        end_like(result);
    if (!one_step && libraries.cxx_shared && carries_runtime(output, &libraries))
        result = link_again(call, again, conf, &libraries);
    if (!finish(conf, &libraries, output) && !one_step)
        run_as_it_is(call, OUTCOME_LINK_UNNEEDED);
    log_outcome(call->state, libraries.cxx_shared || conf->link_static ? OUTCOME_LINKED : OUTCOME_STATIC_RUNTIME, NULL, output, NULL);
    end_like(result);
}

_Noreturn void link_with_libtramp(const struct call *call)
{
    const struct command *command = &call->command;
    const char *problem = NULL;
    struct conf conf;
    struct routed *routed = allocate((command->source_count + 1) * sizeof *routed);
    size_t count = command->relocatable ? 0 : route_sources(call, routed, &problem);
    bool uses = !command->relocatable && anything_uses(command);
    if (!uses && count == 0 && problem == NULL)
        run_as_it_is(call, OUTCOME_LINK_PLAIN);
    bool known = (call->state_given || create_state(call->state)) && read_conf(&conf, call->state);
    if (!known && !uses) { /* nothing is lost but trampolines */
        for (size_t i = 0; i < count; i++)
            remove_unit(&routed[i].unit);
        run_as_it_is(call, OUTCOME_LINK_PLAIN);
    }
    if (!known) {
        const char *output = command->output ? command->output : "a.out";
        say("error", output, concat("uses libtramp, and ", call->state, "/conf, which says where that is, can not be read", NULL));
        _exit(1);
    }
    link_with(call, &conf, routed, count, problem, uses);
}
