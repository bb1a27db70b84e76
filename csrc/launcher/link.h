/* A link: libtramp is added where something uses it. */
#ifndef TRAMP_LINK_H
#define TRAMP_LINK_H

#include "call.h"

_Noreturn void link_with_libtramp(const struct call *call);

#endif
