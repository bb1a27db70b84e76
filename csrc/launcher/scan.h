/* What the inputs of a link use of libtramp. */
#ifndef TRAMP_SCAN_H
#define TRAMP_SCAN_H

#include <stdbool.h>

/* Whether an object file, an archive (thin or not) or LTO bitcode speaks of libtramp's symbols.  It may say yes where only a
   string looks like one, never no where a symbol is used.  What is none of these, and what can not be read, uses nothing. */
bool uses_libtramp(const char *path);

#endif
