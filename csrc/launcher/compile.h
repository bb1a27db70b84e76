/* A compile of one C or C++ source. */
#ifndef TRAMP_COMPILE_H
#define TRAMP_COMPILE_H

#include "call.h"

_Noreturn void compile(const struct call *call);

#endif
