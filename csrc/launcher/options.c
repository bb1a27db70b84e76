#include "options.h"

#include "util.h"

#include <string.h>

#define REFUSE(why) MEANS_REFUSAL, OUTCOME_##why
#define MEANS(what) MEANS_##what, OUTCOME_NONE
#define PASS MEANS_NOTHING, OUTCOME_NONE

/* Sorted as strcmp sorts (a test reads this table and holds it to that).  gcc's and clang's options that take arguments, and
   those that change what a call is.  A single word that means nothing to us needs no entry, unless it begins like a joined
   one (-emit-... would be -e mit-...). */
const struct option option_table[] = {
    {"-###", WORD, REFUSE(NO_INPUT)},
    {"--", WORD, REFUSE(UNKNOWN_OPTION)},
    {"--coverage", WORD, PASS},
    {"--gcc-install-dir=", JOINED, PASS},
    {"--gcc-toolchain=", JOINED, PASS},
    {"--ld-path=", JOINED, PASS},
    {"--param", EITHER, PASS},
    {"--rtlib=", JOINED, PASS},
    {"--save-temps", JOINED, REFUSE(SAVE_TEMPS)},
    {"--serialize-diagnostics", SEPARATE, REFUSE(OTHER_OUTPUT)},
    {"--static", WORD, MEANS(STATIC)},
    {"--std=", JOINED, MEANS(STANDARD)},
    {"--stdlib=", JOINED, MEANS(STDLIB)},
    {"--sysroot", EITHER, PASS},
    {"--target=", JOINED, PASS},
    {"--unwindlib=", JOINED, PASS},
    {"--version", WORD, REFUSE(NO_INPUT)},
    {"-A", EITHER, PASS},
    {"-B", EITHER, PASS},
    {"-D", EITHER, MEANS(MACRO)},
    {"-E", WORD, REFUSE(PREPROCESS_ONLY)},
    {"-F", EITHER, PASS},
    {"-G", EITHER, PASS},
    {"-H", WORD, REFUSE(OTHER_OUTPUT)},
    {"-I", EITHER, PASS},
    {"-I-", WORD, REFUSE(UNKNOWN_OPTION)},
    {"-J", EITHER, PASS},
    {"-L", EITHER, MEANS(LIBRARY_PATH)},
    {"-M", WORD, REFUSE(DEPENDENCIES_ONLY)},
    {"-MD", WORD, MEANS(DEPENDENCIES)},
    {"-MF", EITHER, MEANS(DEPFILE)},
    {"-MG", WORD, REFUSE(DEPENDENCY_OUTPUT)},
    {"-MJ", EITHER, REFUSE(OTHER_OUTPUT)},
    {"-MM", WORD, REFUSE(DEPENDENCIES_ONLY)},
    {"-MMD", WORD, MEANS(DEPENDENCIES)},
    {"-MQ", EITHER, PASS},
    {"-MT", EITHER, PASS},
    {"-MV", WORD, REFUSE(DEPENDENCY_OUTPUT)},
    {"-S", WORD, REFUSE(ASSEMBLE_ONLY)},
    {"-T", EITHER, PASS},
    {"-U", EITHER, PASS},
    {"-Wa,", JOINED, PASS},
    {"-Wl,", JOINED, MEANS(FOR_LINKER)},
    {"-Wp,", JOINED, MEANS(FOR_PREPROCESSOR)},
    {"-Xanalyzer", SEPARATE, PASS},
    {"-Xarch_", PREFIX_PAIR, PASS},
    {"-Xassembler", SEPARATE, PASS},
    {"-Xclang", SEPARATE, MEANS(FOR_TOOL)},
    {"-Xclangas", SEPARATE, PASS},
    {"-Xlinker", SEPARATE, MEANS(XLINKER)},
    {"-Xoffload-linker", SEPARATE, PASS},
    {"-Xopenmp-target", SEPARATE, PASS},
    {"-Xopenmp-target=", PREFIX_PAIR, PASS},
    {"-Xpreprocessor", SEPARATE, MEANS(FOR_TOOL)},
    {"-Z", SEPARATE, PASS},
    {"-allowable_client", SEPARATE, PASS},
    {"-ansi", WORD, MEANS(ANSI)},
    {"-arch", SEPARATE, PASS},
    {"-arch_only", SEPARATE, PASS},
    {"-aux-info", EITHER, REFUSE(OTHER_OUTPUT)},
    {"-bundle_loader", SEPARATE, PASS},
    {"-c", WORD, MEANS(COMPILE)},
    {"-cc1", WORD, REFUSE(UNKNOWN_OPTION)},
    {"-cc1as", WORD, REFUSE(UNKNOWN_OPTION)},
    {"-client_name", SEPARATE, PASS},
    {"-compatibility_version", SEPARATE, PASS},
    {"-current_version", SEPARATE, PASS},
    {"-dependency-dot", SEPARATE, REFUSE(OTHER_OUTPUT)},
    {"-dependency-file", SEPARATE, REFUSE(DEPENDENCY_OUTPUT)},
    {"-dumpbase", SEPARATE, MEANS(DUMP_NAME)},
    {"-dumpbase-ext", SEPARATE, MEANS(DUMP_NAME)},
    {"-dumpdir", SEPARATE, MEANS(DUMP_NAME)},
    {"-dumpfullversion", WORD, REFUSE(NO_INPUT)},
    {"-dumpmachine", WORD, REFUSE(NO_INPUT)},
    {"-dumpspecs", WORD, REFUSE(NO_INPUT)},
    {"-dumpversion", WORD, REFUSE(NO_INPUT)},
    {"-e", SEPARATE, PASS},
    {"-emit-", JOINED, REFUSE(OTHER_OUTPUT)},
    {"-fcolor-diagnostics", WORD, MEANS(COLOR)},
    {"-fdiagnostics-color", JOINED, MEANS(COLOR)},
    {"-fdiagnostics-format=", JOINED, MEANS(DIAGNOSTICS_FORMAT)},
    {"-fdirectives-only", WORD, REFUSE(PREPROCESSED_INPUT)},
    {"-filelist", SEPARATE, REFUSE(SEVERAL_INPUTS)},
    {"-fmodule", JOINED, REFUSE(MODULES)},
    {"-fno-color-diagnostics", WORD, MEANS(COLOR)},
    {"-fno-diagnostics-color", WORD, MEANS(COLOR)},
    {"-force_load", SEPARATE, PASS},
    {"-fpch-", JOINED, REFUSE(PRECOMPILED_HEADER)},
    {"-fpreprocessed", WORD, REFUSE(PREPROCESSED_INPUT)},
    {"-framework", SEPARATE, PASS},
    {"-fsave-optimization-record", JOINED, REFUSE(OTHER_OUTPUT)},
    {"-fsyntax-only", WORD, REFUSE(SYNTAX_ONLY)},
    {"-gen-reproducer", JOINED, REFUSE(OTHER_OUTPUT)},
    {"-idirafter", EITHER, PASS},
    {"-iframework", EITHER, PASS},
    {"-iframeworkwithsysroot", EITHER, PASS},
    {"-imacros", EITHER, PASS},
    {"-image_base", SEPARATE, PASS},
    {"-imultiarch", SEPARATE, PASS},
    {"-imultilib", SEPARATE, PASS},
    {"-include", EITHER, PASS},
    {"-include-pch", SEPARATE, REFUSE(PRECOMPILED_HEADER)},
    {"-index-store-path", SEPARATE, REFUSE(OTHER_OUTPUT)},
    {"-init", SEPARATE, PASS},
    {"-install_name", SEPARATE, PASS},
    {"-iprefix", EITHER, PASS},
    {"-iquote", EITHER, PASS},
    {"-isysroot", EITHER, PASS},
    {"-isystem", EITHER, PASS},
    {"-isystem-after", EITHER, PASS},
    {"-ivfsoverlay", EITHER, REFUSE(UNUSUAL_PATH)},
    {"-iwithprefix", EITHER, PASS},
    {"-iwithprefixbefore", EITHER, PASS},
    {"-iwithsysroot", EITHER, PASS},
    {"-l", EITHER, MEANS(LIBRARY)},
    {"-mllvm", SEPARATE, PASS},
    {"-module-dependency-dir", SEPARATE, REFUSE(MODULES)},
    {"-mthread-model", SEPARATE, PASS},
    {"-multiply_defined", SEPARATE, PASS},
    {"-o", EITHER, MEANS(OUTPUT)},
    {"-print-", JOINED, REFUSE(NO_INPUT)},
    {"-r", WORD, MEANS(RELOCATABLE)},
    {"-rpath", SEPARATE, PASS},
    {"-save-stats", JOINED, REFUSE(OTHER_OUTPUT)},
    {"-save-temps", JOINED, REFUSE(SAVE_TEMPS)},
    {"-serialize-diagnostics", SEPARATE, REFUSE(OTHER_OUTPUT)},
    {"-specs", SEPARATE, PASS},
    {"-specs=", JOINED, PASS},
    {"-static", WORD, MEANS(STATIC)},
    {"-static-libstdc++", WORD, MEANS(STATIC_RUNTIME)},
    {"-static-pie", WORD, MEANS(STATIC)},
    {"-std=", JOINED, MEANS(STANDARD)},
    {"-stdlib=", JOINED, MEANS(STDLIB)},
    {"-target", SEPARATE, PASS},
    {"-traditional", JOINED, REFUSE(UNKNOWN_OPTION)},
    {"-u", EITHER, PASS},
    {"-umbrella", SEPARATE, PASS},
    {"-undefined", SEPARATE, PASS},
    {"-v", WORD, REFUSE(OTHER_OUTPUT)},
    {"-weak_framework", SEPARATE, PASS},
    {"-working-directory", EITHER, REFUSE(UNUSUAL_PATH)},
    {"-working-directory=", JOINED, REFUSE(UNUSUAL_PATH)},
    {"-wrapper", SEPARATE, PASS},
    {"-x", EITHER, MEANS(LANGUAGE)},
    {"-z", EITHER, PASS},
};

const size_t option_count = sizeof option_table / sizeof option_table[0];

const struct option *find_option(const char *word)
{
    size_t low = 0, high = option_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(option_table[middle].name, word) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    /* A prefix of `word` sorts at or before it, a longer one after a shorter one; what shares not even "-x" ends the search. */
    for (size_t i = low; i-- > 0;) {
        const struct option *option = &option_table[i];
        if (strncmp(option->name, word, 2) != 0)
            return NULL;
        if (strcmp(option->name, word) == 0 || ((option->shape & (JOINED | PREFIX_PAIR)) && starts_with(word, option->name)))
            return option;
    }
    return NULL;
}

const char *joined_argument(const struct option *option, const char *word)
{
    const char *rest = word + strlen(option->name);
    return (option->shape & JOINED) && (*rest || option->shape == JOINED) ? rest : NULL;
}

bool takes_next(const struct option *option, const char *word)
{
    return option->shape == PREFIX_PAIR || ((option->shape & SEPARATE) && word[strlen(option->name)] == '\0');
}
