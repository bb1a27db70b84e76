/* SHA-256 (FIPS 180-4): bodies are named by their content, so that a damaged one is never compiled. */
#ifndef TRAMP_SHA256_H
#define TRAMP_SHA256_H

#include <stddef.h>

/* The digest as 64 lower-case hexadecimal digits and a NUL. */
void sha256_hex(const void *data, size_t size, char digest[65]);

#endif
