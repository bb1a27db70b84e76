/* Feeds commands to the launcher's parser in one process, for the sanitizers; reads them from standard input:
   words end with a NUL, commands with an empty word.  Prints one line per command.  With arguments: edits these objects. */
#include "args.h"
#include "depfile.h"
#include "frames.h"
#include "parse.h"
#include "route.h"
#include "run.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What must hold of anything that is not refused, whatever the words are. */
static void check(const struct command *command, const struct words *words)
{
    for (size_t i = 0; i < command->source_count; i++) {
        assert(command->sources[i].index < words->count);
        assert(strcmp(words->items[command->sources[i].index], command->sources[i].path) == 0);
        assert(command->sources[i].language == LANGUAGE_C || command->sources[i].language == LANGUAGE_CXX);
    }
    if (command->refusal != OUTCOME_NONE)
        return;
    assert(command->compiling || command->linking);
    if (command->compiling)
        assert(command->source_count == 1);
    for (size_t i = 0; i < words->count; i++)
        assert(strcmp(words->items[i], "-E") != 0 || (i > 0 && words->items[i - 1][0] == '-'));
}

/* The command that would be run: as long as the given one and what is added, the source replaced, the compiler the same. */
static void check_routed(char **argv, size_t compiler, const struct words *words, const struct command *command)
{
    struct call call = {.original = argv, .compiler = compiler, .arguments = *words, .command = *command, .state = "/state"};
    struct routed routed = {.source = &command->sources[0],
                            .unit = {.path = "/unit/a.c", .prefix = "/unit/", .depfile = "/unit/a.c.d", .source_prefix = "", .sibling_prefix = "/here/./", .sibling_spelled = ""}};
    char *depfile = depfile_path(command);
    struct words result = routed_words(&call, &routed, 1, depfile ? "/detour" : NULL);
    assert(result.count >= words->count + compiler + 3);
    assert(strcmp(result.items[compiler + 1 + routed.source->index], "/unit/a.c") == 0);
    for (size_t i = 0; i <= compiler; i++)
        assert(result.items[i] == argv[i]);
}

static void one_command(struct words *argv)
{
    struct words words = {0};
    struct command command;
    set_original(argv->items);
    size_t compiler = find_compiler(argv->items);
    assert(compiler < argv->count);
    bool expanded = expand_arguments(&words, argv->items + compiler + 1);
    parse_command(&command, &words, is_cxx_driver(argv->items[compiler]));
    check(&command, &words);
    if (command.refusal == OUTCOME_NONE && command.compiling)
        check_routed(argv->items, compiler, &words, &command);
    printf("%s %zu %d\n", expanded ? outcome_id(command.refusal) : "response-file", command.source_count, command.linking);
}

int main(int argc, char **objects)
{
    for (int i = 1; i < argc; i++)
        drop_frames_of_stubs(objects[i]);
    if (argc > 1)
        return 0;
    struct buffer input = {0};
    if (!read_fd(&input, STDIN_FILENO))
        return 1;
    struct words argv = {0};
    for (char *at = input.data, *end = at + input.size; at < end; at += strlen(at) + 1) {
        if (*at) {
            add_word(&argv, at);
        } else if (argv.count) {
            one_command(&argv);
            argv = (struct words){0};
        }
    }
    return 0;
}
