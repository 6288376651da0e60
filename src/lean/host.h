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
  JSValue buffer, buffer_prototype, uint8_array; /* of the globals Buffer and Uint8Array */
};
struct engine *heap_engine(void);
/* Makes the heap usable; what was saved in it is there. False: the kernel gives no memory. */
bool heap_open(void);
/* Writes what is in the heap to an open file, to become the executable's section. */
bool heap_save(int fd);
/* Of the engine (scripts/lean/keep.ts): what is free now will be given to nobody. */
void JS_KeepAll(JSRuntime *runtime);

/* bytes.c: `Buffer`, the part of it that Braid uses. */
void bytes_install(JSContext *context, JSValueConst global);
/* The bytes of a typed array; null, and an exception, for anything else. */
uint8_t *bytes_of(JSContext *context, JSValueConst value, size_t *length);
/* A text as UTF-8, to be freed; null: an exception. */
uint8_t *text_bytes(JSContext *context, JSValueConst text, size_t *length);
/* A new `Buffer`; `bytes` is its own from now on. Null is an exception that is on its way. */
JSValue buffer_with(JSContext *context, uint8_t *bytes, size_t length);

/* Each adds its functions to `host`, an object that src/lean/host.ts describes. */
void library_install(JSContext *context, JSValueConst host);
void process_install(JSContext *context, JSValueConst host);
void system_install(JSContext *context, JSValueConst host);
void attributes_install(JSContext *context, JSValueConst host);
void encode_install(JSContext *context, JSValueConst host);
void sender_install(JSContext *context, JSValueConst host);
void hash_install(JSContext *context, JSValueConst host);

#endif
