/* tramp-cc: stands in front of a C or C++ compiler.

   It runs for every compiler call, so what it adds to a call that has nothing to do with us is what the tool costs: look at
   the words, look the source up in an index, execute the compiler.  All thinking is done elsewhere (tramp_build.compile) and
   beforehand.  Whatever is not understood, and whatever goes wrong on our side, ends in the compiler being run as it was. */
#include "args.h"
#include "compile.h"
#include "link.h"
#include "run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: tramp-cc [--tramp-state=DIR] COMPILER [ARGUMENT...]\n"
    "\n"
    "Runs the compiler.  Sources that tramp-build has a rewritten copy of are compiled from that copy; links that use libtramp\n"
    "get it.  Everything else is run as it is.\n"
    "\n"
    "  --tramp-state=DIR  what tramp-build knows of this build (default: $TRAMP_BUILD_STATE, else .tramp-build beside the output)\n"
    "\n"
    "COMPILER may be several words: tramp-cc ccache gcc.  TRAMP_BUILD=off in the environment turns all of it off.\n";

static int about_ourselves(const char *word)
{
    if (word && strcmp(word, "--version") == 0)
        puts("tramp-cc " TRAMP_VERSION);
    else if (word && strcmp(word, "--help") == 0)
        fputs(usage, stdout);
    else
        return fputs(usage, stderr), 2;
    return 0;
}

static void choose_state(struct call *call, const char *option)
{
    const char *variable = getenv("TRAMP_BUILD_STATE");
    const char *given = option && *option ? option : variable && *variable ? variable : NULL;
    call->state_given = given != NULL;
    if (given == NULL)
        given = concat(call->command.output ? directory_prefix(call->command.output) : "", ".tramp-build", NULL);
    call->state = absolute(given);
    if (call->state == NULL)
        execute_original();
}

int main(int argc, char **argv)
{
    static const char state_option[] = "--tramp-state=";
    const char *option = NULL;
    int first = 1;
    for (; first < argc && starts_with(argv[first], state_option); first++)
        option = argv[first] + sizeof state_option - 1;
    if (first >= argc || argv[first][0] == '-')
        return about_ourselves(argv[first]);
    set_original(argv + first);
    const char *variable = getenv("TRAMP_BUILD");
    if (variable && strcmp(variable, "off") == 0)
        execute_original();
    struct call call = {.original = argv + first, .compiler = find_compiler(argv + first)};
    bool expanded = expand_arguments(&call.arguments, call.original + call.compiler + 1);
    parse_command(&call.command, &call.arguments, is_cxx_driver(call.original[call.compiler]));
    choose_state(&call, option);
    if (!expanded)
        call.command.refusal = OUTCOME_RESPONSE_FILE;
    if (call.command.linking && expanded)
        link_with_libtramp(&call);
    if (call.command.refusal == OUTCOME_NONE)
        compile(&call);
    const char *source = call.command.source_count ? call.command.sources[0].path : NULL;
    log_outcome(call.state, call.command.refusal, source, call.command.output, NULL);
    execute_original();
}
