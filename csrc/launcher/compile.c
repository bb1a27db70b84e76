#include "compile.h"

#include "depfile.h"
#include "frames.h"
#include "route.h"

#include <errno.h>
#include <string.h>

static void record(const struct call *call, enum outcome outcome)
{
    log_outcome(call->state, outcome, call->command.sources[0].path, call->command.output, NULL);
}

/* Compiles the unit.  Comes back only where that did not work, with the reason. */
static const char *compile_unit(const struct call *call, const struct routed *routed)
{
    struct result result;
    char *depfile = depfile_path(&call->command);
    struct words words = routed_words(call, routed, 1, depfile ? routed->unit.depfile : NULL);
    const char *why = run_routed(&words, routed, 1, &result);
    if (why == NULL && depfile && succeeded(result) && !deliver_depfile(depfile, &routed->unit, routed->source->path))
        why = concat(depfile, ": ", strerror(errno), NULL);
    remove_unit(&routed->unit);
    if (why)
        return why;
    if (succeeded(result) && call->command.compiling && call->command.output)
        drop_frames_of_stubs(call->command.output);
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
