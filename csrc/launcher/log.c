#include "log.h"

#include "util.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static const char *const ids[OUTCOME_COUNT] = {
    [OUTCOME_NONE] = "none",
    /* Compiled from the rewritten copy. */
    [OUTCOME_ROUTED] = "routed",
    /* Prepared, and nothing in it to route. */
    [OUTCOME_PLAIN] = "plain",
    /* Not prepared, and no word in it that a table would have. */
    [OUTCOME_NO_TABLES] = "no-tables",
    /* The rewritten copy did not compile, the original did. */
    [OUTCOME_FALLBACK] = "fallback",
    /* Neither compiles: the user's own error. */
    [OUTCOME_USER_ERROR] = "user-error",
    /* The Python side could not prepare the file. */
    [OUTCOME_PREPARE_FAILED] = "prepare-failed",
    /* A signal ended the call. */
    [OUTCOME_INTERRUPTED] = "interrupted",
    /* Linked with libtramp. */
    [OUTCOME_LINKED] = "linked",
    /* A link in which nothing uses libtramp. */
    [OUTCOME_LINK_PLAIN] = "link-plain",
    /* Something looked like a use, the linker found none: linked again as it was. */
    [OUTCOME_LINK_UNNEEDED] = "link-unneeded",
    [OUTCOME_LINK_FAILED] = "link-failed",
    /* Linked with libtramp-cxx.a, because the C++ run time is linked statically too. */
    [OUTCOME_STATIC_RUNTIME] = "static-runtime",
    /* -E */
    [OUTCOME_PREPROCESS_ONLY] = "preprocess-only",
    /* -S */
    [OUTCOME_ASSEMBLE_ONLY] = "assemble-only",
    [OUTCOME_SYNTAX_ONLY] = "syntax-only",
    /* -M, -MM */
    [OUTCOME_DEPENDENCIES_ONLY] = "dependencies-only",
    /* --version and its like */
    [OUTCOME_NO_INPUT] = "no-input",
    [OUTCOME_SEVERAL_INPUTS] = "several-inputs",
    [OUTCOME_STANDARD_INPUT] = "standard-input",
    [OUTCOME_STANDARD_OUTPUT] = "standard-output",
    /* A @file that can not be read or is nested too deeply. */
    [OUTCOME_RESPONSE_FILE] = "response-file",
    [OUTCOME_SAVE_TEMPS] = "save-temps",
    [OUTCOME_PRECOMPILED_HEADER] = "precompiled-header",
    [OUTCOME_MODULES] = "modules",
    [OUTCOME_OTHER_LANGUAGE] = "other-language",
    /* Something besides an object file that names the source (an AST, a compile database). */
    [OUTCOME_OTHER_OUTPUT] = "other-output",
    [OUTCOME_PREPROCESSED_INPUT] = "preprocessed-input",
    /* C++98 */
    [OUTCOME_OLD_STANDARD] = "old-standard",
    /* libc++ */
    [OUTCOME_FOREIGN_RUNTIME] = "foreign-runtime",
    [OUTCOME_UNKNOWN_OPTION] = "unknown-option",
    /* A path that can not be written in a #line, an #include or an index line. */
    [OUTCOME_UNUSUAL_PATH] = "unusual-path",
    /* Dependencies asked for by environment variable, or in several ways at once. */
    [OUTCOME_DEPENDENCY_OUTPUT] = "dependency-output",
    [OUTCOME_UNREADABLE_SOURCE] = "unreadable-source",
};

const char *outcome_id(enum outcome outcome)
{
    return ids[outcome];
}

static void add_field(struct buffer *line, const char *text)
{
    add_text(line, "\t");
    if (text == NULL || *text == '\0')
        text = "-";
    for (; *text; text++)
        add_bytes(line, *text == '\t' || *text == '\n' || *text == '\r' ? " " : text, 1);
}

void log_outcome(const char *state, enum outcome outcome, const char *source, const char *output, const char *detail)
{
    if (state == NULL)
        return;
    int fd = open(concat(state, "/log", NULL), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0)
        return;
    struct buffer line = {0};
    add_text(&line, outcome_id(outcome));
    add_field(&line, source ? absolute(source) : NULL);
    add_field(&line, output ? absolute(output) : NULL);
    add_field(&line, detail);
    add_text(&line, "\n");
    (void)!write(fd, line.data, line.size); /* one write: lines of parallel calls never mix */
    close(fd);
}
