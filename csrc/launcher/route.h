/* Sources that have a rewritten copy, and the command that compiles those instead. */
#ifndef TRAMP_ROUTE_H
#define TRAMP_ROUTE_H

#include "call.h"
#include "run.h"
#include "unit.h"

/* A source of the call and what takes its place. */
struct routed {
    const struct source *source;
    struct unit unit;
    const char *problem; /* why there is no unit although there should be one; NULL where there is */
};

/* What is to be done with a source: OUTCOME_ROUTED (then `routed` is filled), OUTCOME_PLAIN, OUTCOME_NO_TABLES,
   OUTCOME_PREPARE_FAILED or OUTCOME_UNREADABLE_SOURCE.  Asks Python where nothing is known. */
enum outcome decide(const struct call *call, const struct source *source, struct routed *routed);

/* The words of the call with units for sources and, if not NULL, `detour` for its dependencies. */
struct words routed_words(const struct call *call, const struct routed *routed, size_t count, char *detour);

/* Runs them.  Where that worked, messages are passed on, and where a signal ended it too; else the reason is returned and
   nothing was said. */
const char *run_routed(const struct words *words, const struct routed *routed, size_t count, struct result *result);

/* Runs `argv` in the place of what failed for the reason `why`; comes back only where that worked.  Only then is it worth a
   word (in strict mode: an error, and the end): otherwise the error is the user's own, and the compiler has said so. */
struct result fall_back(const struct call *call, char **argv, const char *source, const char *why);

bool is_strict(const char *state);

#endif
