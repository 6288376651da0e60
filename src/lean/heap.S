/* The section of the heap: FILE, what was saved; without it, room to make one. */
#ifdef FILE
#define CONTENT .incbin FILE
#else
#define CONTENT .zero 64 << 20
#endif
  .section .heap, "aw"
  .globl heap_start, heap_bytes, heap_end
  .balign 4096
heap_bytes:
heap_start:
  CONTENT
  .balign 4096
heap_end:
  .section .note.GNU-stack, "", %progbits
