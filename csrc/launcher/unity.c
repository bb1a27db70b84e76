#include "unity.h"

#include "index.h"
#include "parse.h"
#include "prepare.h"

#include <stdlib.h>
#include <string.h>

bool might_have_tables(const struct view *view)
{
    static const char *const words[] = {
        "PyMethodDef",      "PyGetSetDef",       "PyType_Slot",    "PyModuleDef",   "PyTypeObject", "PyNumberMethods",
        "PySequenceMethods", "PyMappingMethods", "PyAsyncMethods", "PyBufferProcs", "PySlot",
        "PyInit_",          "PyModExport_",      "->tp_",          "->nb_",         ".tp_",
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (contains(view, words[i]))
            return true;
    return false;
}

static const char *skip_blanks(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t'))
        at++;
    return at;
}

/* The absolute path that stands in quotes or angle brackets behind the word, as a new string, or NULL. */
static char *absolute_name(const char *at, const char *end)
{
    at = skip_blanks(at, end);
    if (end - at < 2 || (*at != '<' && *at != '"') || at[1] != '/')
        return NULL;
    const char *stop = at + 1;
    while (stop < end && *stop != '\n' && *stop != (*at == '<' ? '>' : '"'))
        stop++;
    struct buffer name = {0};
    add_bytes(&name, at + 1, (size_t)(stop - at - 1));
    return name.data;
}

/* The index knows the sources of the project, which a hook has prepared or will. */
static bool is_of_interest(const char *name, const char *state, const char *language)
{
    struct stat status;
    struct view view;
    char *path = is_source(name) ? realpath(name, NULL) : NULL;
    if (path == NULL || stat(path, &status) < 0 || !S_ISREG(status.st_mode))
        return false;
    struct record found = look_up_or_wait(state, path, &status, language);
    if (found.action != ACTION_UNKNOWN || !open_view(&view, path))
        return found.action == ACTION_ROUTED || found.action == ACTION_ASK;
    bool tables = might_have_tables(&view);
    close_view(&view);
    return tables;
}

bool includes_tables(const struct view *view, const char *state, const char *language)
{
    static const char word[] = "include";
    const char *at = view->data, *end = view->data + view->size;
    while ((at = memmem(at, (size_t)(end - at), word, sizeof word - 1)) != NULL) {
        at += sizeof word - 1;
        char *name = absolute_name(at, end);
        if (name && is_of_interest(name, state, language))
            return true;
    }
    return false;
}
