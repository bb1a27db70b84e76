/* STATE/conf: key=value lines, written by tramp_build.state. */
#ifndef TRAMP_CONF_H
#define TRAMP_CONF_H

#include <stdbool.h>

struct conf {
    char *python;     /* the interpreter that prepares files */
    char *pythonpath; /* where tramp_build is, if not where `python` looks by itself; or "" */
    char *libdir;     /* of libtramp */
    char *version;    /* of libtramp */
    bool link_static, strict;
    bool rpath_origin, rpath_libdir; /* where modules look for libtramp: beside themselves, in `libdir` */
};

/* False where the file can not be read or lacks a key that is needed. */
bool read_conf(struct conf *conf, const char *state);

#endif
