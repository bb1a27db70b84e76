/* Sums that tell damage from data, and names that tell files apart.  Nothing here resists an adversary, and nothing has to: who
   can write into a build directory needs no collision. */
#ifndef TRAMP_HASH_H
#define TRAMP_HASH_H

#include <stddef.h>
#include <stdint.h>

/* The CRC-32 of zlib. */
uint32_t crc32_of(const char *data, size_t size);

enum { NAME_SIZE = 16 };

/* FNV-1a of the text, as hexadecimal digits and a NUL. */
void name_of(const char *text, char name[NAME_SIZE + 1]);
void name_of_bytes(const char *data, size_t size, char name[NAME_SIZE + 1]);

#endif
