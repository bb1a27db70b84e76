#include "parse.h"

#include "options.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* What is known while going through the words and of no use afterwards. */
struct parser {
    struct command *command;
    const struct words *words;
    enum language forced; /* by -x; LANGUAGE_NONE: by suffix */
    bool cxx_driver, dependencies, wants_depfile, old_standard, foreign_runtime, dump_names, limited_api;
    bool stops; /* before the link, by something else than -c */
    size_t inputs, others; /* given as words of their own; those that are neither C nor C++ nor for the linker */
};

const char *language_name(enum language language)
{
    switch (language) {
    case LANGUAGE_C: return "c";
    case LANGUAGE_CXX: return "c++";
    case LANGUAGE_C_LIMITED: return "c-limited";
    case LANGUAGE_CXX_LIMITED: return "c++-limited";
    default: return "-";
    }
}

static void refuse(struct parser *parser, enum outcome why)
{
    if (why == OUTCOME_PREPROCESS_ONLY || why == OUTCOME_ASSEMBLE_ONLY || why == OUTCOME_SYNTAX_ONLY ||
        why == OUTCOME_DEPENDENCIES_ONLY || why == OUTCOME_NO_INPUT || why == OUTCOME_OTHER_LANGUAGE)
        parser->stops = true;
    if (parser->command->refusal == OUTCOME_NONE) /* the first reason is the one to tell */
        parser->command->refusal = why;
}

static bool one_of(const char *text, const char *const *list)
{
    while (*list && strcmp(*list, text) != 0)
        list++;
    return *list != NULL;
}

/* LANGUAGE_NONE is something for the linker; headers, assembler, preprocessed text and foreign languages are OTHER. */
static enum language language_of(const char *path, bool cxx_driver)
{
    static const char *const cxx[] = {"C", "CPP", "c++", "cc", "cp", "cpp", "cxx", NULL};
    static const char *const other[] = {
        "H",  "HPP", "M",   "S",   "ads", "adb", "asm",  "bc",  "c++m", "ccm", "cppm", "cu",  "cui", "cxxm", "d",   "f",
        "f03", "f08", "f90", "f95", "for", "ftn", "go",   "h",   "h++",  "hh",  "hip",  "hp",  "hpp", "hxx",  "i",   "ii",
        "inl", "ixx", "ll",  "m",   "mi",  "mii", "mm",   "s",   "swift", "sx", "tcc",  NULL};
    const char *dot = strrchr(base_name(path), '.');
    if (dot == NULL)
        return LANGUAGE_NONE;
    if (strcmp(dot + 1, "c") == 0)
        return cxx_driver ? LANGUAGE_CXX : LANGUAGE_C;
    return one_of(dot + 1, cxx) ? LANGUAGE_CXX : one_of(dot + 1, other) ? LANGUAGE_OTHER : LANGUAGE_NONE;
}

bool is_source(const char *path)
{
    enum language language = language_of(path, false);
    return language == LANGUAGE_C || language == LANGUAGE_CXX;
}

static void take_language(struct parser *parser, const char *name)
{
    if (strcmp(name, "c") == 0)
        parser->forced = LANGUAGE_C;
    else if (strcmp(name, "c++") == 0)
        parser->forced = LANGUAGE_CXX;
    else
        parser->forced = strcmp(name, "none") == 0 ? LANGUAGE_NONE : LANGUAGE_OTHER;
}

static void add_source(struct command *command, struct source source)
{
    struct source *grown = allocate((command->source_count + 1) * sizeof *grown);
    if (command->source_count)
        memcpy(grown, command->sources, command->source_count * sizeof *grown);
    grown[command->source_count++] = source;
    free(command->sources);
    command->sources = grown;
}

static void take_input(struct parser *parser, size_t index)
{
    char *word = parser->words->items[index];
    if (strcmp(word, "-") == 0)
        refuse(parser, OUTCOME_STANDARD_INPUT);
    else if (strpbrk(word, "\t\n\r"))
        refuse(parser, OUTCOME_UNUSUAL_PATH);
    enum language language = parser->forced ? parser->forced : language_of(word, parser->cxx_driver);
    add_word(&parser->command->inputs, word);
    parser->inputs++;
    if (language == LANGUAGE_OTHER)
        parser->others++;
    else if (language != LANGUAGE_NONE)
        add_source(parser->command, (struct source){word, index, language});
}

static void take_depfile(struct parser *parser, enum depfile_form form, size_t index, const char *path)
{
    struct command *command = parser->command;
    if (command->depfile_form != DEPFILE_NONE)
        refuse(parser, OUTCOME_DEPENDENCY_OUTPUT); /* the last one may win, or the first: not ours to know */
    command->depfile_form = form;
    command->depfile_index = index;
    command->depfile = path;
}

/* -Wp,-MD,FILE is how some makefiles ask for dependencies; any other -M there is left alone. */
static void take_wp(struct parser *parser, size_t index, const char *list)
{
    if (starts_with(list, "-MD,") || starts_with(list, "-MMD,")) {
        const char *path = strchr(list, ',') + 1;
        if (strchr(path, ',') || *path == '\0')
            refuse(parser, OUTCOME_DEPENDENCY_OUTPUT);
        parser->dependencies = true;
        take_depfile(parser, DEPFILE_WP, index, path);
    } else if (strstr(list, "-M")) {
        refuse(parser, OUTCOME_DEPENDENCY_OUTPUT);
    } else if (strstr(list, "-fpreprocessed") || strstr(list, "-fdirectives-only") || strstr(list, "-save-temps")) {
        refuse(parser, OUTCOME_PREPROCESSED_INPUT);
    }
}

static void take_for_tool(struct parser *parser, const char *argument)
{
    static const char *const hard[] = {
        "-E", "-M", "-S", "-dependency-file", "-emit-", "-fdirectives-only", "-fmodule", "-fpreprocessed", "-include-pch", "-remap-file",
        "-serialize-", "-x", NULL};
    for (const char *const *prefix = hard; *prefix; prefix++)
        if (starts_with(argument, *prefix))
            refuse(parser, OUTCOME_UNKNOWN_OPTION);
}

static void take_standard(struct parser *parser, const char *name)
{
    static const char *const old[] = {"c++03", "c++98", "gnu++03", "gnu++98", NULL};
    parser->old_standard = one_of(name, old);
}

static void take_for_linker(struct parser *parser, const char *argument)
{
    struct command *command = parser->command;
    if (strcmp(argument, "-r") == 0 || strcmp(argument, "--relocatable") == 0 || strcmp(argument, "-i") == 0)
        command->relocatable = true;
    else if (starts_with(argument, "-l"))
        add_word(&command->libraries, concat(argument + 2, NULL));
    else if (starts_with(argument, "-L"))
        add_word(&command->library_paths, concat(argument + 2, NULL));
    else if (argument[0] != '-')
        add_word(&command->inputs, concat(argument, NULL));
}

/* -Wl,a,b,c */
static void take_wl(struct parser *parser, const char *list)
{
    char *copy = concat(list, NULL), *rest = NULL;
    for (char *word = strtok_r(copy, ",", &rest); word; word = strtok_r(NULL, ",", &rest))
        take_for_linker(parser, word);
}

/* METH_FASTCALL is in the limited API since 3.10 (bpo-41009).  A value that is no number may be anything. */
static void take_macro(struct parser *parser, const char *definition)
{
    static const char name[] = "Py_LIMITED_API";
    if (strncmp(definition, name, sizeof name - 1) != 0)
        return;
    const char *value = definition + sizeof name - 1;
    if (*value != '\0' && *value != '=')
        return;
    parser->limited_api = *value == '\0' || strtoul(value + 1, NULL, 0) < 0x030A0000;
}

static void take_option(struct parser *parser, const struct option *option, size_t index, const char *argument)
{
    struct command *command = parser->command;
    switch (option->meaning) {
    case MEANS_NOTHING: break;
    case MEANS_COMPILE: command->compiling = true; break;
    case MEANS_REFUSAL: refuse(parser, option->refusal); break;
    case MEANS_OUTPUT: command->output = argument; break;
    case MEANS_LANGUAGE: take_language(parser, argument); break;
    case MEANS_DEPENDENCIES: parser->dependencies = parser->wants_depfile = true; break;
    case MEANS_DEPFILE:
        take_depfile(parser, argument == parser->words->items[index] ? DEPFILE_SEPARATE : DEPFILE_JOINED, index, argument);
        break;
    case MEANS_DUMP_NAME: parser->dump_names = true; break;
    case MEANS_STANDARD: take_standard(parser, argument); break;
    case MEANS_MACRO: take_macro(parser, argument); break;
    case MEANS_ANSI: parser->old_standard = true; break;
    case MEANS_STDLIB: parser->foreign_runtime = strcmp(argument, "libstdc++") != 0; break;
    case MEANS_COLOR: command->color_given = argument == NULL || strcmp(argument, "=auto") != 0; break;
    case MEANS_DIAGNOSTICS_FORMAT:
        if (strcmp(argument, "text") != 0)
            refuse(parser, OUTCOME_OTHER_OUTPUT);
        break;
    case MEANS_FOR_PREPROCESSOR: take_wp(parser, index, argument); break;
    case MEANS_FOR_TOOL: take_for_tool(parser, argument); break;
    case MEANS_LIBRARY: add_word(&command->libraries, concat(argument, NULL)); break;
    case MEANS_LIBRARY_PATH: add_word(&command->library_paths, concat(argument, NULL)); break;
    case MEANS_FOR_LINKER: take_wl(parser, argument); break;
    case MEANS_XLINKER: take_for_linker(parser, argument); break;
    case MEANS_STATIC: command->static_link = true; break;
    case MEANS_STATIC_RUNTIME: command->static_runtime = true; break;
    case MEANS_RELOCATABLE: command->relocatable = true; break;
    }
}

/* Under link time optimisation, a static function has another name or none where the assembler looks for it; the others ask for
   something in each function, count what runs, or choose another instruction set or memory model. */
static bool is_about_code(const char *word)
{
    static const char *const prefixes[] = {
        "--coverage", "-B", "-coverage", "-fcallgraph-info", "-finstrument-", "-fleading-underscore", "-flto", "-fpatchable-", "-fplugin",
        "-fprofile-", "-fsanitize", "-fsplit-stack", "-ftest-coverage", "-fuse-linker-plugin", "-m16", "-m32", "-mabi=", "-masm",
        "-mcmodel", "-mfentry", "-mfunction-return", "-mharden", "-mindirect-", "-mnop-mcount", "-mx32", "-p", "-specs", "--specs", NULL};
    for (const char *const *prefix = prefixes; *prefix; prefix++)
        if (starts_with(word, *prefix))
            return !starts_with(word, "-pedantic") && !starts_with(word, "-pthread") && !starts_with(word, "-pipe");
    return false;
}

static void take_words(struct parser *parser)
{
    const struct words *words = parser->words;
    for (size_t i = 0; i < words->count; i++) {
        const char *word = words->items[i];
        if (word[0] != '-' || word[1] == '\0') {
            take_input(parser, i);
            continue;
        }
        parser->command->no_assembly |= is_about_code(word);
        const struct option *option = find_option(word);
        if (option == NULL) {
            if (word[1] == '-')
                refuse(parser, OUTCOME_UNKNOWN_OPTION); /* a long option may take the next word, or be another -c */
            continue;
        }
        const char *argument = joined_argument(option, word);
        size_t index = i;
        if (takes_next(option, word)) {
            if (i + 1 == words->count) {
                refuse(parser, OUTCOME_UNKNOWN_OPTION);
                return;
            }
            index = ++i;
            if (argument == NULL)
                argument = words->items[i];
        }
        take_option(parser, option, index, argument);
    }
}

static void check_dependencies(struct parser *parser)
{
    struct command *command = parser->command;
    bool derived = parser->wants_depfile && command->depfile_form == DEPFILE_NONE;
    if (getenv("DEPENDENCIES_OUTPUT") || getenv("SUNPRO_DEPENDENCIES"))
        refuse(parser, OUTCOME_DEPENDENCY_OUTPUT);
    if (derived && parser->dump_names)
        refuse(parser, OUTCOME_DEPENDENCY_OUTPUT);
    if (parser->wants_depfile && command->depfile_form == DEPFILE_WP)
        refuse(parser, OUTCOME_DEPENDENCY_OUTPUT);
    if (command->depfile && strcmp(command->depfile, "-") == 0)
        refuse(parser, OUTCOME_STANDARD_OUTPUT);
    if (derived)
        command->depfile_form = DEPFILE_DERIVED;
    else if (!parser->dependencies)
        command->depfile_form = DEPFILE_NONE;
}

static void check_sources(struct parser *parser)
{
    const struct command *command = parser->command;
    for (size_t i = 0; i < command->source_count; i++) {
        if (command->sources[i].language != LANGUAGE_CXX)
            continue;
        if (parser->old_standard)
            refuse(parser, OUTCOME_OLD_STANDARD);
        if (parser->foreign_runtime)
            refuse(parser, OUTCOME_FOREIGN_RUNTIME);
    }
}

void parse_command(struct command *command, const struct words *words, bool cxx_driver)
{
    struct parser parser = {.command = command, .words = words, .cxx_driver = cxx_driver};
    *command = (struct command){.depfile_index = SIZE_MAX};
    take_words(&parser);
    if (parser.inputs == 0 && command->libraries.count == 0 && command->inputs.count == 0)
        refuse(&parser, OUTCOME_NO_INPUT);
    if (parser.inputs && parser.inputs == parser.others)
        refuse(&parser, OUTCOME_OTHER_LANGUAGE); /* without -c, a header to precompile */
    command->linking = !command->compiling && !parser.stops;
    if (command->compiling && parser.inputs > 1)
        refuse(&parser, OUTCOME_SEVERAL_INPUTS);
    else if (command->compiling && command->source_count == 0)
        refuse(&parser, OUTCOME_OTHER_LANGUAGE);
    if (command->output && strcmp(command->output, "-") == 0)
        refuse(&parser, OUTCOME_STANDARD_OUTPUT);
    check_sources(&parser);
    for (size_t i = 0; parser.limited_api && i < command->source_count; i++) {
        enum language *language = &command->sources[i].language;
        *language = *language == LANGUAGE_CXX ? LANGUAGE_CXX_LIMITED : LANGUAGE_C_LIMITED;
    }
    check_dependencies(&parser);
    if (command->linking && command->depfile_form != DEPFILE_NONE)
        refuse(&parser, OUTCOME_DEPENDENCY_OUTPUT); /* one file for several sources, under a name of its own */
}
