/* STATE/index: which sources have a rewritten copy.  Written by tramp_build.state, read here.

   One line per decision, later lines win, appended with one write each:
       path TAB size TAB mtime in ns TAB language TAB plain|routed|ask TAB body or - TAB crc32 of all before this tab
   The language is language_name's.  Where the preprocessor has to be asked, the body is what it is asked about, and the answer is in
   a line whose language has an @ and a sum of what it has said behind it; the line with nothing behind the @ is for when that
   failed.  A line that is torn, or whose sum is wrong, does not exist. */
#ifndef TRAMP_INDEX_H
#define TRAMP_INDEX_H

#include "parse.h"

#include <sys/stat.h>

enum { BODY_NAME_SIZE = 32 };

enum action {
    ACTION_UNKNOWN, /* not in the index, or the file has changed since */
    ACTION_PLAIN,
    ACTION_ROUTED,
    ACTION_ASK,
};

struct record {
    enum action action;
    char body[BODY_NAME_SIZE + 1]; /* of a file that is not plain: the name in STATE/bodies, whose last 8 digits are the text's crc32 */
};

/* `path` is the source's real path and `status` what stat says of it. */
struct record look_up(const char *state, const char *path, const struct stat *status, const char *language);

#endif
