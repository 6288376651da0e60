/* What the parts of the lean host give each other. Touches nothing. */
#ifndef HOST_H
#define HOST_H

#include <quickjs.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* memory.c: the heap, at the same address in every process, so that it can be saved in the executable. */
extern const JSMallocFunctions heap_functions;
/* The engine's state at the heap's start; `context` is null in a heap that was not saved. */
struct engine {
  JSRuntime *runtime;
  JSContext *context;
  JSValue buffer_prototype;
};
struct engine *heap_engine(void);
/* Makes the heap usable; what was saved in it is there. False: the kernel gives no memory. */
bool heap_open(void);
/* Writes what is in the heap to an open file, to become the executable's section. */
bool heap_save(int fd);

/* bytes.c: `Buffer`, the part of it that Braid uses. */
void bytes_install(JSContext *context, JSValueConst global);
/* The bytes of a typed array; null, and an exception, for anything else. */
uint8_t *bytes_of(JSContext *context, JSValueConst value, size_t *length);

/* system.c: `host`, an object of functions of the C library and the kernel. */
void system_install(JSContext *context, JSValueConst global);

/* hash.c: the SHA-256 of the bytes, or when wide the SHA-512; how long it is. */
size_t hash_digest(bool wide, const uint8_t *bytes, size_t length, uint8_t digest[64]);

/* hash.c: XXH3 of 64 bits. */
uint64_t hash_quickly(const uint8_t *bytes, size_t length);

#endif
