#include "hash.h"

#include <stdio.h>
#include <string.h>

uint32_t crc32_of(const char *data, size_t size)
{
    uint32_t table[256], sum = 0xffffffffU;
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t value = byte;
        for (int bit = 0; bit < 8; bit++)
            value = (value >> 1) ^ (0xedb88320U & (0U - (value & 1U)));
        table[byte] = value;
    }
    for (size_t i = 0; i < size; i++)
        sum = (sum >> 8) ^ table[(sum ^ (unsigned char)data[i]) & 0xffU];
    return ~sum;
}

void name_of(const char *text, char name[NAME_SIZE + 1])
{
    name_of_bytes(text, strlen(text), name);
}

void name_of_bytes(const char *data, size_t size, char name[NAME_SIZE + 1])
{
    uint64_t hash = 0xcbf29ce484222325U;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (unsigned char)data[i]) * 0x100000001b3U;
    snprintf(name, NAME_SIZE + 1, "%016llx", (unsigned long long)hash);
}
