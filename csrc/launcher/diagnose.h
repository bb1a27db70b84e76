/* The compiler's messages on their way to the user, and our own. */
#ifndef TRAMP_DIAGNOSE_H
#define TRAMP_DIAGNOSE_H

#include "util.h"

/* A file without a name to collect messages in; -1 where there is none. */
int open_capture(void);

/* What was collected, from the start. */
struct buffer read_capture(int fd);

/* The first line that is an error message, else the first line at all; without colours and never empty. */
char *first_error(const struct buffer *messages);

/* Whether the compiler would use colours, were it to write to our stderr. */
bool wants_color(void);

/* `tramp-build: warning: SOURCE: TEXT`, or error: one line, one write. */
void say(const char *severity, const char *source, const char *text);

#endif
