/* parse_layout.h: where this CPython keeps values, as parse_layout.c has found. */
#ifndef TRAMP_PARSE_LAYOUT_H
#define TRAMP_PARSE_LAYOUT_H

#include <stdbool.h>

/* States of struct tramp_layout; the rest of it holds in the last. */
enum { TRAMP_NOT_ASKED, TRAMP_LOOKING, TRAMP_NOT_KNOWN, TRAMP_KNOWN };

struct tramp_layout {
    int state;
    bool tagged;          /* ints begin with a tag (3.12), and not with a length */
    unsigned text_bits;   /* a str that has these bits in its state is ASCII and has its text... */
    unsigned text_data;   /* ...at this offset */
    unsigned tuple_items; /* the offset of the first item */
};
extern struct tramp_layout tramp_layout __attribute__((visibility("hidden")));

/* Finds out, if nobody has; with the GIL, and whatever error is set. */
void tramp_look(void) __attribute__((cold, noinline, visibility("hidden")));

#endif
