/* The lean engine's process: a program that lies in its heap runs to its end, or one is read and saved. Touches stdio and the file to save to. */
#define _GNU_SOURCE
#include "host.h"
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

enum {
  stack = 1 << 20, /* bytes; `ulimit -s` allows eight times that */
  software = 70, /* EX_SOFTWARE of sysexits.h */
};

/* What nobody caught. The runtime takes it for a failed call, as it does an answer that is no JSON. */
static void complain(JSContext *context) {
  JSValue problem = JS_GetException(context);
  JSValue trace = JS_GetPropertyStr(context, problem, "stack");
  const char *words = JS_ToCString(context, problem), *lines = JS_ToCString(context, trace);
  fprintf(stderr, "braid: %s\n%s\n", words == NULL ? "?" : words, lines == NULL ? "" : lines);
  _exit(software);
}

static JSValue checked(JSContext *context, JSValue value) {
  if (JS_IsException(value)) complain(context);
  return value;
}

/* All that is ready to run: what promises wait for. */
static void run_jobs(JSRuntime *runtime) {
  JSContext *context;
  int state;
  while ((state = JS_ExecutePendingJob(runtime, &context)) > 0);
  if (state < 0) complain(context);
}

/* Calls a function of the program (src/lean/prelude.ts) by its name. */
static JSValue call_global(JSContext *context, const char *name, int count, JSValueConst *arguments) {
  JSValue global = JS_GetGlobalObject(context), function = JS_GetPropertyStr(context, global, name);
  JSValue result = checked(context, JS_Call(context, function, JS_UNDEFINED, count, arguments));
  JS_FreeValue(context, function);
  JS_FreeValue(context, global);
  return result;
}

/* Runs the program that the heap has, until it ends the process. */
static int run(struct engine *engine, const char *called_as) {
  JSContext *context = engine->context;
  JS_UpdateStackTop(engine->runtime);
  JSValue name = JS_NewString(context, called_as);
  if (!JS_ToBool(context, call_global(context, "begin", 1, (JSValueConst *)&name))) return 0; /* the empty program */
  do run_jobs(engine->runtime);
  while (JS_ToBool(context, call_global(context, "proceed", 0, NULL)));
  fprintf(stderr, "braid: the call has nothing more to wait for, and did not end\n");
  return software;
}

static char *contents(const char *path, size_t *length) {
  struct stat stat;
  int file = open(path, O_RDONLY);
  if (file < 0 || fstat(file, &stat) < 0) return NULL;
  char *text = malloc(stat.st_size + 1);
  *length = text == NULL ? 0 : read(file, text, stat.st_size);
  close(file);
  if (text == NULL || *length != (size_t)stat.st_size) return NULL;
  text[*length] = 0;
  return text;
}

/* What the compiler makes of a program, in a runtime of its own: the heap that is saved is not to have what the compiler needed. */
static uint8_t *compile(const char *text, size_t length, size_t *size) {
  JSRuntime *runtime = JS_NewRuntime();
  JSContext *context = JS_NewContext(runtime);
  JSValue program = checked(context, JS_Eval(context, text, length, "braid", JS_EVAL_TYPE_GLOBAL | JS_EVAL_FLAG_STRICT | JS_EVAL_FLAG_COMPILE_ONLY));
  return JS_WriteObject(context, size, program, JS_WRITE_OBJ_BYTECODE | JS_WRITE_OBJ_STRIP_SOURCE);
}

/* Reads a program, lets its modules run, and writes the heap as it is then. */
static int save(struct engine *engine, const char *program, const char *heap) {
  size_t length, size;
  char *text = contents(program, &length);
  uint8_t *code = text == NULL ? NULL : compile(text, length, &size);
  if (code == NULL) return perror(program), 1;
  engine->runtime = JS_NewRuntime2(&heap_functions, NULL);
  JS_SetMaxStackSize(engine->runtime, stack);
  JSContext *context = engine->context = JS_NewContext(engine->runtime);
  JSValue global = JS_GetGlobalObject(context);
  bytes_install(context, global);
  JSValue host = JS_NewObject(context);
  library_install(context, host);
  process_install(context, host);
  system_install(context, host);
  attributes_install(context, host);
  encode_install(context, host);
  sender_install(context, host);
  hash_install(context, host);
  JS_SetPropertyStr(context, global, "host", host);
  JS_FreeValue(context, global);
  JSValue read = checked(context, JS_ReadObject(context, code, size, JS_READ_OBJ_BYTECODE));
  JS_FreeValue(context, checked(context, JS_EvalFunction(context, read)));
  run_jobs(engine->runtime);
  JS_RunGC(engine->runtime);
  JS_SetGCThreshold(engine->runtime, (size_t)-1); /* it counts who has what, and nobody counts who has what is kept; a call is short */
  int file = open(heap, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (file < 0 || !heap_save(file) || close(file) < 0) return perror(heap), 1;
  return 0;
}

/* The engine's seeds and its zero come from clocks: a heap that is saved has the same in every build (linked with --wrap). */
extern int __real_gettimeofday(struct timeval *time, void *zone);
int __wrap_gettimeofday(struct timeval *time, void *zone) {
  if (heap_engine()->context != NULL) return __real_gettimeofday(time, zone);
  *time = (struct timeval){.tv_sec = 1};
  return 0;
}

extern int __real_clock_gettime(clockid_t clock, struct timespec *time);
int __wrap_clock_gettime(clockid_t clock, struct timespec *time) {
  if (heap_engine()->context != NULL) return __real_clock_gettime(clock, time);
  *time = (struct timespec){.tv_sec = 1};
  return 0;
}

/* What is saved has an address of the stack, too: of one that lies where it always lies. */
static struct {
  ucontext_t back, there;
  char **words;
  int status;
} making;

static void make(void) { making.status = save(heap_engine(), making.words[1], making.words[2]); }

static int save_on_fixed_stack(char **words) {
  enum { size = 8 << 20 };
  void *place = mmap((void *)0x30000000, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  if (place == MAP_FAILED || getcontext(&making.there) < 0) return perror("stack"), 1;
  making.words = words;
  making.there.uc_stack.ss_sp = place;
  making.there.uc_stack.ss_size = size;
  making.there.uc_link = &making.back;
  makecontext(&making.there, make, 0);
  return swapcontext(&making.back, &making.there) < 0 ? 1 : making.status;
}

int main(int count, char **words) {
  signal(SIGPIPE, SIG_IGN);
  if (!heap_open()) return perror("braid: memory"), software;
  struct engine *engine = heap_engine();
  if (engine->context != NULL) return run(engine, count > 0 ? words[0] : "");
  if (count == 3) return save_on_fixed_stack(words);
  fprintf(stderr, "usage: %s PROGRAM HEAP\n", words[0]);
  return 64;
}
