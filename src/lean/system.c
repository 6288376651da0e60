/* `host` of the lean engine: what the process knows of itself, its node and the time. Touches the process, to end it. */
#define _GNU_SOURCE
#include "host.h"
#include <limits.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

/* host.environment(): an object without a prototype */
static JSValue environment(JSContext *context, JSValueConst this, int count, JSValueConst *arguments) {
  (void)this, (void)count, (void)arguments;
  JSValue all = JS_NewObjectProto(context, JS_NULL);
  for (char **one = environ; *one != NULL; one++) {
    const char *equals = strchr(*one, '=');
    if (equals == NULL) continue;
    JSAtom name = JS_NewAtomLen(context, *one, equals - *one);
    JS_DefinePropertyValue(context, all, name, JS_NewString(context, equals + 1), JS_PROP_C_W_E);
    JS_FreeAtom(context, name);
  }
  return all;
}

/* host.exit(status): at once; the kernel takes back what the process has */
static JSValue leave(JSContext *context, JSValueConst this, int count, JSValueConst *arguments) {
  (void)this, (void)count;
  int32_t status = 1;
  JS_ToInt32(context, &status, arguments[0]);
  _exit(status);
}

/* host.now(): milliseconds of a clock that nobody sets */
static JSValue now(JSContext *context, JSValueConst this, int count, JSValueConst *arguments) {
  (void)this, (void)count, (void)arguments;
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return JS_NewFloat64(context, time.tv_sec * 1e3 + time.tv_nsec / 1e6);
}

/* host.random(): as Math.random, whose own seed would be that of the saved heap in every process */
static JSValue random_number(JSContext *context, JSValueConst this, int count, JSValueConst *arguments) {
  (void)this, (void)count, (void)arguments;
  uint64_t bits = 0;
  if (getrandom(&bits, sizeof bits, 0) != sizeof bits) return JS_ThrowInternalError(context, "No random bytes");
  return JS_NewFloat64(context, (bits >> 11) * 0x1p-53);
}

/* host.pid() */
static JSValue own_pid(JSContext *context, JSValueConst this, int count, JSValueConst *arguments) {
  (void)this, (void)count, (void)arguments;
  return JS_NewInt32(context, getpid());
}

/* host.hostname() */
static JSValue hostname(JSContext *context, JSValueConst this, int count, JSValueConst *arguments) {
  (void)this, (void)count, (void)arguments;
  char name[HOST_NAME_MAX + 1] = "";
  gethostname(name, sizeof name - 1);
  return JS_NewString(context, name);
}

static const JSCFunctionListEntry offered[] = {
  JS_CFUNC_DEF("environment", 0, environment),
  JS_CFUNC_DEF("exit", 1, leave),
  JS_CFUNC_DEF("now", 0, now),
  JS_CFUNC_DEF("random", 0, random_number),
  JS_CFUNC_DEF("pid", 0, own_pid),
  JS_CFUNC_DEF("hostname", 0, hostname),
};

void system_install(JSContext *context, JSValueConst host) {
  JS_SetPropertyFunctionList(context, host, offered, sizeof offered / sizeof *offered);
}
