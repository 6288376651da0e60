/*
 * Chooses by the environment which of the two programs of the file begins, and puts the full runtime's loader into memory. Runs before
 * any library is there: no global state, no calls but the kernel's. Touches the auxiliary vector and the address space.
 */
#include <elf.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>

/* Written by scripts/lean/join.ts into the joined file: where the full runtime's program headers and entry are; zero when it is alone. */
struct full {
  uint64_t magic;
  uint64_t headers, count, entry;
};
__attribute__((section(".full"), used)) const volatile struct full full = {UINT64_C(0x6c6c7564666f6f67), 0, 0, 0};

extern const Elf64_Ehdr __ehdr_start __attribute__((visibility("hidden"))); /* the linker's: this program's own header in memory */
extern void _start(void);

#if defined(__x86_64__)
static long ask(long number, long a, long b, long c, long d, long e, long f) {
  register long r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = f;
  long result;
  __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
  return result;
}
#else
static long ask(long number, long a, long b, long c, long d, long e, long f) {
  register long x8 __asm__("x8") = number, x0 __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = c, x3 __asm__("x3") = d, x4 __asm__("x4") = e, x5 __asm__("x5") = f;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
  return x0;
}
#endif

static size_t length_of(const char *text) {
  size_t length = 0;
  while (text[length] != 0) length++;
  return length;
}

/* Says why and ends the process. */
static _Noreturn void give_up(const char *what, const char *path) {
  const char *words[] = {"braid: ", what, " ", path, "\n"};
  for (size_t at = 0; at < sizeof words / sizeof *words; at++) ask(SYS_write, 2, (long)words[at], length_of(words[at]), 0, 0, 0);
  ask(SYS_exit_group, 127, 0, 0, 0, 0, 0);
  __builtin_unreachable();
}

/* The value of `name=value`; null for another variable. */
static const char *value_of(const char *variable, const char *name) {
  while (*name != 0)
    if (*variable++ != *name++) return NULL;
  return *variable == '=' ? variable + 1 : NULL;
}

static int failed(long result) { return result < 0 && result > -4096; /* the largest error number there can be */ }
static uintptr_t down(uintptr_t address, uintptr_t page) { return address & ~(page - 1); }
static uintptr_t up(uintptr_t address, uintptr_t page) { return down(address + page - 1, page); }

static int protection_of(Elf64_Word flags) {
  return (flags & PF_R ? PROT_READ : 0) | (flags & PF_W ? PROT_WRITE : 0) | (flags & PF_X ? PROT_EXEC : 0);
}

/* Maps a shared object, the loader, as the kernel would have; where it lies. Its entry is left in `entry`. */
static uintptr_t map(const char *path, uintptr_t page, uintptr_t *entry) {
  Elf64_Ehdr header;
  Elf64_Phdr parts[16];
  long file = ask(SYS_openat, AT_FDCWD, (long)path, O_RDONLY | O_CLOEXEC, 0, 0, 0);
  if (failed(file)) give_up("this executable needs the loader", path);
  if (ask(SYS_pread64, file, (long)&header, sizeof header, 0, 0, 0) != sizeof header || header.e_phnum > 16) give_up("cannot read", path);
  long size = header.e_phnum * sizeof *parts;
  if (ask(SYS_pread64, file, (long)parts, size, header.e_phoff, 0, 0) != size) give_up("cannot read", path);
  uintptr_t end = 0;
  for (int at = 0; at < header.e_phnum; at++)
    if (parts[at].p_type == PT_LOAD) end = up(parts[at].p_vaddr + parts[at].p_memsz, page);
  long base = ask(SYS_mmap, 0, end, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (failed(base)) give_up("no memory for", path);
  for (int at = 0; at < header.e_phnum; at++) {
    const Elf64_Phdr *part = &parts[at];
    if (part->p_type != PT_LOAD) continue;
    uintptr_t start = base + part->p_vaddr, data_end = start + part->p_filesz, all_end = start + part->p_memsz;
    int protection = protection_of(part->p_flags);
    if (failed(ask(SYS_mmap, down(start, page), data_end - down(start, page), protection, MAP_PRIVATE | MAP_FIXED, file, down(part->p_offset, page)))) give_up("cannot map", path);
    if (up(all_end, page) > up(data_end, page) && failed(ask(SYS_mmap, up(data_end, page), up(all_end, page) - up(data_end, page), protection, MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, -1, 0))) give_up("no memory for", path);
    if (all_end > data_end && protection & PROT_WRITE) /* the rest of the last page of the file */
      for (volatile char *byte = (volatile char *)data_end; (uintptr_t)byte < up(data_end, page); byte++) *byte = 0;
  }
  ask(SYS_close, file, 0, 0, 0, 0, 0);
  *entry = base + header.e_entry;
  return base;
}

/* The stack as the kernel left it: the count of arguments, they, null, the environment, null, the auxiliary vector. */
uintptr_t entry_choose(uintptr_t *stack) {
  char **variable = (char **)(stack + 1 + stack[0] + 1);
  int is_call = 0, wants_full = 0;
  for (; *variable != NULL; variable++) {
    const char *command = value_of(*variable, "CNI_COMMAND");
    if (command != NULL) is_call = !(command[0] == 'G' && command[1] == 'C' && command[2] == 0); /* that reads every record: work for a compiler */
    if (value_of(*variable, "BRAID_RUNTIME") != NULL) wants_full = 1;
  }
  Elf64_auxv_t *auxiliary = (Elf64_auxv_t *)(variable + 1);
  int lean = full.entry == 0 || (is_call && !wants_full);
  uintptr_t headers = lean ? (uintptr_t)&__ehdr_start + __ehdr_start.e_phoff : full.headers;
  uintptr_t count = lean ? __ehdr_start.e_phnum : full.count;
  uintptr_t begin = (uintptr_t)_start, base = 0, page = 4096;
  for (const Elf64_auxv_t *each = auxiliary; each->a_type != AT_NULL; each++)
    if (each->a_type == AT_PAGESZ) page = each->a_un.a_val;
  if (!lean)
    for (uintptr_t at = 0; at < count; at++) {
      const Elf64_Phdr *part = (const Elf64_Phdr *)headers + at;
      if (part->p_type == PT_INTERP) base = map((const char *)part->p_vaddr, page, &begin);
    }
  for (; auxiliary->a_type != AT_NULL; auxiliary++) switch (auxiliary->a_type) {
      case AT_PHDR: auxiliary->a_un.a_val = headers; break;
      case AT_PHNUM: auxiliary->a_un.a_val = count; break;
      case AT_BASE: auxiliary->a_un.a_val = base; break;
      case AT_ENTRY: auxiliary->a_un.a_val = lean ? (uintptr_t)_start : full.entry; break;
    }
  return begin;
}
