/* What became of a compiler call: one stable id each, in the order of the table in log.c. */
#ifndef TRAMP_LOG_H
#define TRAMP_LOG_H

enum outcome {
    OUTCOME_NONE,
    OUTCOME_ROUTED,
    OUTCOME_PLAIN,
    OUTCOME_NO_TABLES,
    OUTCOME_FALLBACK,
    OUTCOME_USER_ERROR,
    OUTCOME_PREPARE_FAILED,
    OUTCOME_INTERRUPTED,
    OUTCOME_LINKED,
    OUTCOME_LINK_PLAIN,
    OUTCOME_LINK_UNNEEDED,
    OUTCOME_LINK_FAILED,
    OUTCOME_STATIC_RUNTIME,
    OUTCOME_PREPROCESS_ONLY,
    OUTCOME_ASSEMBLE_ONLY,
    OUTCOME_SYNTAX_ONLY,
    OUTCOME_DEPENDENCIES_ONLY,
    OUTCOME_NO_INPUT,
    OUTCOME_SEVERAL_INPUTS,
    OUTCOME_STANDARD_INPUT,
    OUTCOME_STANDARD_OUTPUT,
    OUTCOME_RESPONSE_FILE,
    OUTCOME_SAVE_TEMPS,
    OUTCOME_PRECOMPILED_HEADER,
    OUTCOME_MODULES,
    OUTCOME_OTHER_LANGUAGE,
    OUTCOME_OTHER_OUTPUT,
    OUTCOME_PREPROCESSED_INPUT,
    OUTCOME_OLD_STANDARD,
    OUTCOME_FOREIGN_RUNTIME,
    OUTCOME_UNKNOWN_OPTION,
    OUTCOME_UNUSUAL_PATH,
    OUTCOME_DEPENDENCY_OUTPUT,
    OUTCOME_UNREADABLE_SOURCE,
    OUTCOME_COUNT
};

/* The id that stands in the log and in reports; never changes meaning. */
const char *outcome_id(enum outcome outcome);

/* One line more in STATE/log: id, source, output and a detail, each of which may be NULL.  A log that can not be written is
   no reason to disturb a build: nothing is said. */
void log_outcome(const char *state, enum outcome outcome, const char *source, const char *output, const char *detail);

#endif
