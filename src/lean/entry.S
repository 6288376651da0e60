/*
 * Where the executable begins: a runtime's call goes to the lean engine, all else to the full runtime that is the same file. Runs
 * before any library is there.
 */
#if defined(__x86_64__)
  .globl lean_entry
  .type lean_entry, %function
lean_entry:
  xor %ebp, %ebp
  mov %rsp, %rbx
  mov %rsp, %rdi
  and $-16, %rsp
  call entry_choose
  mov %rbx, %rsp
  xor %edx, %edx
  jmp *%rax
#elif defined(__aarch64__)
  .globl lean_entry
  .type lean_entry, %function
lean_entry:
  mov x29, #0
  mov x30, #0
  mov x19, sp
  mov x0, sp
  bl entry_choose
  mov sp, x19
  mov x16, x0
  mov x0, #0
  br x16
#else
#error "a processor that Braid is not built for"
#endif
  .section .note.GNU-stack, "", %progbits
