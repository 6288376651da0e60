/*
 * What lies in the saved heap is kept for ever: nobody counts who has it, and it is not freed, so that its pages stay those of the file,
 * which all calls share. Read by memory.c and by the engine (scripts/lean/keep.ts).
 */
#ifndef KEPT_H
#define KEPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

extern char heap_bytes[]; /* the heap's section: heap.S */
extern size_t heap_kept; /* how many of them were saved; 0 in the process that makes the heap */

static inline bool is_kept(const void *at) { return (uintptr_t)at - (uintptr_t)heap_bytes < heap_kept; }

#endif
