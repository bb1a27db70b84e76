#include "compile.h"

#include "depfile.h"
#include "route.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static void record(const struct call *call, enum outcome outcome)
{
    log_outcome(call->state, outcome, call->command.sources[0].path, call->command.output, NULL);
}

/* Compiles the unit.  Comes back only where that did not work, with the reason. */
static const char *compile_unit(const struct call *call, const struct routed *routed)
{
    struct result result;
    char *depfile = depfile_path(&call->command), *detour = depfile ? depfile_detour(&call->command, depfile) : NULL;
    if (depfile && detour == NULL)
        return concat("a place for dependencies: ", strerror(errno), NULL);
    struct words words = routed_words(call, routed, 1, detour);
    const char *why = run_routed(&words, routed, 1, &result);
    if (why == NULL && detour && succeeded(result) && !deliver_depfile(detour, depfile, &routed->unit, routed->source->path))
        return concat(depfile, ": ", strerror(errno), NULL);
    if (detour)
        unlink(detour);
    if (why)
        return why;
    record(call, succeeded(result) ? OUTCOME_ROUTED : OUTCOME_INTERRUPTED);
    end_like(result);
}

_Noreturn void compile(const struct call *call)
{
    struct routed routed = {0};
    const struct source *source = &call->command.sources[0];
    enum outcome outcome = decide(call, source, &routed);
    if (outcome == OUTCOME_ROUTED)
        end_like(fall_back(call, call->original, source->path, routed.problem ? routed.problem : compile_unit(call, &routed)));
    if (outcome == OUTCOME_PREPARE_FAILED && is_strict(call->state))
        end_like(fall_back(call, call->original, source->path, "the file could not be prepared"));
    record(call, outcome);
    execute_original();
}
