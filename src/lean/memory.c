/* The heap of the lean engine at a fixed address: saved once, when the executable is built, mapped by every start. Touches its own memory. */
#define _GNU_SOURCE
#include "host.h"
#include "kept.h"
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { unit = 16, classes = 32, step = 1 << 20 /* bytes, asked of the kernel at a time */ };

/* Before each block. */
struct block {
  size_t size; /* of what follows */
  struct block *next; /* when free */
};

struct heap {
  struct engine engine;
  char *top; /* free from here on */
  char *end; /* of the part that is mapped, which need not follow on what was saved */
  struct block *freed[classes]; /* blocks of 2^n units and more, less than twice that */
};

/* A section at one address, the last of the file (scripts/lean/build.ts): nothing else moves when it has another size. */
extern struct heap heap_start;
extern char heap_end;

static struct heap *const heap = &heap_start;
size_t heap_kept;

struct engine *heap_engine(void) { return &heap->engine; }

static bool grow(size_t size) {
  size_t more = (size + step - 1) & ~(size_t)(step - 1);
  char *at = mmap(NULL, more, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED) return false;
  heap->top = at;
  heap->end = at + more;
  return true;
}

bool heap_open(void) {
  if (heap->engine.context != NULL) {
    heap_kept = heap->top - heap_bytes;
    return grow(step);
  }
  heap->top = (char *)heap + ((sizeof *heap + unit - 1) & ~(size_t)(unit - 1));
  heap->end = &heap_end;
  return true;
}

bool heap_save(int fd) {
  JS_KeepAll(heap->engine.runtime);
  memset(heap->freed, 0, sizeof heap->freed);
  if (heap->end != &heap_end) return false; /* it did not all go into the section */
  for (char *at = (char *)heap; at < heap->top;) {
    ssize_t written = write(fd, at, heap->top - at);
    if (written <= 0) return false;
    at += written;
  }
  return true;
}

static unsigned class_of(size_t size) { return 63 - __builtin_clzl(size / unit); }

static size_t rounded(size_t size) { return size == 0 ? unit : (size + unit - 1) & ~(size_t)(unit - 1); }

static size_t room(void) { return heap->end - heap->top; }

static void *take(void *opaque, size_t asked) {
  (void)opaque;
  size_t size = rounded(asked);
  for (unsigned class = class_of(size); class < classes; class++)
    for (struct block **link = &heap->freed[class]; *link != NULL; link = &(*link)->next) {
      struct block *block = *link;
      if (block->size < size) continue;
      *link = block->next;
      return (char *)block + unit;
    }
  size_t whole = size + unit;
  if (room() < whole && !grow(whole)) return NULL;
  struct block *block = (struct block *)heap->top;
  heap->top += whole;
  block->size = size;
  return (char *)block + unit;
}

static struct block *block_of(const void *given) { return (struct block *)((char *)given - unit); }

static void give(void *opaque, void *given) {
  (void)opaque;
  if (given == NULL || is_kept(given)) return;
  struct block *block = block_of(given);
  if ((char *)given + block->size == heap->top) {
    heap->top = (char *)block;
    return;
  }
  struct block **first = &heap->freed[class_of(block->size)];
  block->next = *first;
  *first = block;
}

static void *take_zeroed(void *opaque, size_t count, size_t size) {
  void *taken = take(opaque, count * size); /* the engine has looked at the product */
  return taken == NULL ? NULL : memset(taken, 0, count * size);
}

static size_t usable(const void *given) { return given == NULL ? 0 : block_of(given)->size; }

static void *resize(void *opaque, void *given, size_t asked) {
  if (given == NULL) return take(opaque, asked);
  struct block *block = block_of(given);
  size_t size = rounded(asked);
  if (size <= block->size) return given;
  if ((char *)given + block->size == heap->top && size - block->size <= room()) { /* the last one grows where it is */
    heap->top += size - block->size;
    block->size = size;
    return given;
  }
  void *taken = take(opaque, size);
  if (taken == NULL) return NULL;
  memcpy(taken, given, block->size);
  give(opaque, given);
  return taken;
}

const JSMallocFunctions heap_functions = {take_zeroed, take, give, resize, usable};
