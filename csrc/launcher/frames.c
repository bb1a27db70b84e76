#include "frames.h"

#include <elf.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* An object file, mapped.  Offsets and sizes in it are not to be trusted. */
struct object {
    int fd;
    const unsigned char *data;
    size_t size;
    const Elf64_Shdr *sections;
    size_t count;
};

/* The relocations of one section, and the symbols that they name. */
struct relocations {
    const Elf64_Rela *items;
    size_t count;
    const Elf64_Sym *symbols;
    size_t symbol_count;
    const char *names;
    size_t names_size;
};

static uint32_t word_at(const unsigned char *data)
{
    uint32_t word;
    memcpy(&word, data, sizeof word);
    return word;
}

/* The contents of a section of the file, NULL where it has none or they are not aligned for what is in them. */
static const void *contents(const struct object *object, const Elf64_Shdr *section, size_t alignment)
{
    bool inside = section->sh_offset <= object->size && section->sh_size <= object->size - section->sh_offset;
    if (section->sh_type == SHT_NOBITS || !inside || section->sh_offset % alignment)
        return NULL;
    return object->data + section->sh_offset;
}

static const Elf64_Shdr *section_at(const struct object *object, size_t index)
{
    return index > 0 && index < object->count ? &object->sections[index] : NULL;
}

/* False where the section has none, or they can not be read. */
static bool find_relocations(const struct object *object, size_t target, struct relocations *found)
{
    const Elf64_Shdr *own = NULL;
    for (size_t i = 1; i < object->count && own == NULL; i++)
        if (object->sections[i].sh_type == SHT_RELA && object->sections[i].sh_info == target)
            own = &object->sections[i];
    const Elf64_Shdr *symbols = own ? section_at(object, own->sh_link) : NULL;
    const Elf64_Shdr *names = symbols ? section_at(object, symbols->sh_link) : NULL;
    if (names == NULL)
        return false;
    *found = (struct relocations){
        .items = contents(object, own, _Alignof(Elf64_Rela)),
        .count = own->sh_size / sizeof(Elf64_Rela),
        .symbols = contents(object, symbols, _Alignof(Elf64_Sym)),
        .symbol_count = symbols->sh_size / sizeof(Elf64_Sym),
        .names = contents(object, names, 1),
        .names_size = names->sh_size,
    };
    return found->items && found->symbols && found->names;
}

/* The relocation of one place; assemblers write them in the order of the places, and where one has not, nothing is found. */
static const Elf64_Rela *relocation_at(const struct relocations *relocations, uint64_t place)
{
    size_t low = 0, high = relocations->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (relocations->items[middle].r_offset < place)
            low = middle + 1;
        else
            high = middle;
    }
    return low < relocations->count && relocations->items[low].r_offset == place ? &relocations->items[low] : NULL;
}

static const Elf64_Sym *symbol_of(const struct relocations *relocations, const Elf64_Rela *relocation)
{
    uint64_t index = ELF64_R_SYM(relocation->r_info);
    return index > 0 && index < relocations->symbol_count ? &relocations->symbols[index] : NULL;
}

static bool is_of_libtramp(const struct relocations *relocations, const Elf64_Rela *relocation)
{
    static const char prefix[] = "tramp_";
    const Elf64_Sym *symbol = relocation ? symbol_of(relocations, relocation) : NULL;
    return symbol && symbol->st_shndx == SHN_UNDEF && symbol->st_name < relocations->names_size
        && relocations->names_size - symbol->st_name > sizeof prefix
        && memcmp(relocations->names + symbol->st_name, prefix, sizeof prefix - 1) == 0;
}

/* Where in the code of a stub the address of what it jumps to stands: [endbr64] (lea or mov REGISTER, [rip + ...])... jmp.  SIZE_MAX: it
   is no stub. */
static size_t jump_of(const unsigned char *code, size_t size)
{
    static const unsigned char endbr64[] = {0xf3, 0x0f, 0x1e, 0xfa};
    enum { LOAD = 7, INDIRECT = 6, DIRECT = 5 };
    size_t at = size >= sizeof endbr64 && memcmp(code, endbr64, sizeof endbr64) == 0 ? sizeof endbr64 : 0;
    while (size - at > LOAD && (code[at] & 0xfb) == 0x48 && (code[at + 1] == 0x8b || code[at + 1] == 0x8d) && (code[at + 2] & 0xc7) == 0x05)
        at += LOAD;
    if (size - at >= INDIRECT && code[at] == 0xff && code[at + 1] == 0x25)
        return at + 2;
    return size - at >= DIRECT && code[at] == 0xe9 ? at + 1 : SIZE_MAX;
}

/* Tells whether code is that of stubs and nothing else: of one, or of a group, behind which gcc writes ud2 since it never returns. */
static bool are_stubs(const unsigned char *code, size_t offset, size_t end, const struct relocations *relocations)
{
    while (offset < end && !(end - offset == 2 && code[offset] == 0x0f && code[offset + 1] == 0x0b)) {
        size_t jump = jump_of(code + offset, end - offset);
        if (jump == SIZE_MAX || !is_of_libtramp(relocations, relocation_at(relocations, offset + jump)))
            return false;
        offset += jump + 4;
    }
    return true;
}

/* Tells whether the function that an unwind entry is about is a stub or a group of stubs. */
static bool is_stub(const struct object *object, const struct relocations *frames, const Elf64_Rela *start, size_t size)
{
    const Elf64_Sym *symbol = symbol_of(frames, start);
    const Elf64_Shdr *section = symbol ? section_at(object, symbol->st_shndx) : NULL;
    const unsigned char *code = section && section->sh_flags & SHF_EXECINSTR ? contents(object, section, 1) : NULL;
    uint64_t offset = symbol ? symbol->st_value + (uint64_t)start->r_addend : 0;
    if (code == NULL || ELF64_R_TYPE(start->r_info) != R_X86_64_PC32 || offset > section->sh_size || size > section->sh_size - offset)
        return false;
    struct relocations relocations;
    return size > 2 && find_relocations(object, symbol->st_shndx, &relocations) && are_stubs(code, offset, offset + size, &relocations);
}

/* A record of .eh_frame that says nothing but where a function is: length, distance of its CIE, start, size, no augmentation, no rules. */
static bool says_nothing(const unsigned char *record, size_t size)
{
    enum { RULES = 16, LONGEST = 24 };
    if (size < RULES || size > LONGEST || word_at(record + 4) == 0)
        return false;
    for (size_t at = RULES; at < size; at++)
        if (record[at])
            return false;
    return true;
}

/* Without a symbol, an entry is one of a function that is not there: what `ld -r` leaves of functions in discarded groups.  False where
   it can not be written; the object is as good as before then. */
static bool forget_symbol(const struct object *object, const Elf64_Rela *relocation)
{
    const uint64_t none = ELF64_R_INFO(STN_UNDEF, R_X86_64_NONE);
    off_t place = (const unsigned char *)&relocation->r_info - object->data;
    return pwrite(object->fd, &none, sizeof none, place) == (ssize_t)sizeof none;
}

static void drop_frames(const struct object *object, size_t index)
{
    const Elf64_Shdr *section = &object->sections[index];
    const unsigned char *data = contents(object, section, 1);
    struct relocations relocations;
    if (data == NULL || !find_relocations(object, index, &relocations))
        return;
    for (size_t at = 0; section->sh_size - at >= 8;) {
        size_t length = word_at(data + at), size = length + 4;
        if (length < 4 || size > section->sh_size - at)
            return;
        const Elf64_Rela *start = says_nothing(data + at, size) ? relocation_at(&relocations, at + 8) : NULL;
        if (start && is_stub(object, &relocations, start, word_at(data + at + 12)) && !forget_symbol(object, start))
            return;
        at += size;
    }
}

static bool is_eh_frame(const struct object *object, const Elf64_Shdr *names, const Elf64_Shdr *section)
{
    static const char name[] = ".eh_frame";
    const char *text = contents(object, names, 1);
    return text && section->sh_name < names->sh_size && names->sh_size - section->sh_name >= sizeof name
        && memcmp(text + section->sh_name, name, sizeof name) == 0;
}

static void drop_frames_of(struct object *object)
{
    static const unsigned char ident[] = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB};
    const Elf64_Ehdr *head = (const Elf64_Ehdr *)object->data;
    if (memcmp(head->e_ident, ident, sizeof ident) != 0 || head->e_type != ET_REL || head->e_machine != EM_X86_64)
        return;
    bool inside = head->e_shoff <= object->size && head->e_shnum <= (object->size - head->e_shoff) / sizeof(Elf64_Shdr);
    if (!inside || head->e_shoff % _Alignof(Elf64_Shdr) || head->e_shentsize != sizeof(Elf64_Shdr))
        return;
    object->sections = (const Elf64_Shdr *)(object->data + head->e_shoff);
    object->count = head->e_shnum;
    const Elf64_Shdr *names = section_at(object, head->e_shstrndx);
    for (size_t i = 1; names && i < object->count; i++)
        if (is_eh_frame(object, names, &object->sections[i]))
            drop_frames(object, i);
}

/* An object with another link to it may be a compiler cache's own. */
static bool is_ours(int fd, struct stat *info)
{
    return fstat(fd, info) == 0 && S_ISREG(info->st_mode) && info->st_nlink == 1 && (size_t)info->st_size > sizeof(Elf64_Ehdr);
}

void drop_frames_of_stubs(const char *path)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    struct stat info;
    if (fd < 0)
        return;
    if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ && is_ours(fd, &info)) {
        struct object object = {.fd = fd, .size = (size_t)info.st_size};
        void *mapped = mmap(NULL, object.size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (mapped != MAP_FAILED) {
            object.data = mapped;
            drop_frames_of(&object);
            munmap(mapped, object.size);
        }
    }
    close(fd);
}
