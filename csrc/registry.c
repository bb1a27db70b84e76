/* registry.c: which module has which translators and exception tables.
 *
 * An append-only list.  Readers are threads that handle an exception; they take no lock, so a fork in the wrong moment and a
 * translator that registers another one are no trouble.  Nothing that a reader may stand on is freed: a record that is forgotten
 * stays in the list, marked, and a process loads a module but a few times.
 *
 * Key: the load address and the file name, as dladdr gives them.  An address alone is not enough, for after dlclose another module may
 * come to lie there. */
#include "python_side.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

static const struct tramp_record *newest;

static int same_text(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

struct tramp_module tramp_module_of(const void *address)
{
    struct tramp_module module = {NULL, NULL};
    Dl_info info;

    if (dladdr(address, &info) != 0 && info.dli_fname != NULL) {
        module.base = info.dli_fbase;
        module.file = info.dli_fname;
    }
    return module;
}

const struct tramp_record *tramp_next_record(const struct tramp_module *module, const struct tramp_record *after)
{
    const struct tramp_record *record = after != NULL ? after->next : __atomic_load_n(&newest, __ATOMIC_ACQUIRE);

    for (; record != NULL; record = record->next)
        if (record->base == module->base && __atomic_load_n(&record->where, __ATOMIC_ACQUIRE) != NULL && module->base != NULL
            && same_text(record->file, module->file))
            return record;
    return NULL;
}

static int same_table(const struct tramp_exception *a, const struct tramp_exception *b)
{
    for (; a->type != NULL && b->type != NULL; a++, b++)
        if (!same_text(a->type, b->type) || !same_text(a->python, b->python))
            return 0;
    return a->type == b->type;
}

/* Every translation unit of a module registers the same table. */
static int has_table(const struct tramp_module *module, const struct tramp_exception *table)
{
    const struct tramp_record *record = NULL;

    while ((record = tramp_next_record(module, record)) != NULL)
        if (record->table != NULL && same_table(record->table, table))
            return 1;
    return 0;
}

/* Takes a record with all but the module filled in. */
static void add(const void *where, struct tramp_record record)
{
    struct tramp_module module = tramp_module_of(where);
    struct tramp_record *added;

    if (module.base == NULL || (record.table != NULL && has_table(&module, record.table)))
        return;
    size_t name_size = strlen(module.file) + 1;
    added = malloc(sizeof *added + name_size);
    if (added == NULL)
        return;
    *added = record;
    added->where = where;
    added->base = module.base;
    added->file = memcpy((char *)(added + 1), module.file, name_size);
    added->next = __atomic_load_n(&newest, __ATOMIC_RELAXED);
    const struct tramp_record *expected = added->next;
    while (!__atomic_compare_exchange_n(&newest, &expected, added, 1, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
        added->next = expected;
}

void tramp_cxx_register(const void *where, const struct tramp_exception *table)
{
    struct tramp_record record = {.table = table};

    add(where, record);
}

void tramp_cxx_translator(const void *where, int (*translate)(void *), void *data)
{
    struct tramp_record record = {.translate = translate, .data = data};

    add(where, record);
}

void tramp_cxx_unregister(const void *where)
{
    const struct tramp_record *record = __atomic_load_n(&newest, __ATOMIC_ACQUIRE);

    for (; record != NULL; record = record->next)
        if (__atomic_load_n(&record->where, __ATOMIC_ACQUIRE) == where)
            __atomic_store_n(&((struct tramp_record *)record)->where, NULL, __ATOMIC_RELEASE);
}
