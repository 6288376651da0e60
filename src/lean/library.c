/* `host` of the lean engine: functions of the C library by name, and what they left in errno. Touches what they touch. */
#define _GNU_SOURCE
#include "host.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

static int last_errno;
static bool changed; /* a record is saved by a rename before anything is done, and deleted after all is undone */

/* What src/kernel binds by name, and `kill`. All arguments are integers or pointers, six at most. */
typedef long any_function(long, long, long, long, long, long);
#define NAMED(name) {#name, (any_function *)(void *)name, false, false}
static const struct {
  const char *name;
  any_function *function;
  bool changes, gives_pointer;
} functions[] = {
  NAMED(socket), NAMED(bind), NAMED(connect), NAMED(setsockopt), NAMED(getsockopt), NAMED(send), NAMED(sendto),
  NAMED(recvfrom), NAMED(setns), NAMED(unshare), NAMED(ioctl), NAMED(open), NAMED(close), NAMED(read), NAMED(pread),
  NAMED(write), NAMED(pwrite), NAMED(ftruncate), NAMED(access), NAMED(statfs), NAMED(mkdir), NAMED(rmdir),
  NAMED(syscall), NAMED(flock), NAMED(kill),
  {"rename", (any_function *)(void *)rename, true, false},
  {"unlink", (any_function *)(void *)unlink, true, false},
  {"realpath", (any_function *)(void *)realpath, false, true},
};

/* An integer, the address of an array's bytes, or null. */
static bool to_word(JSContext *context, long *word, JSValueConst value) {
  *word = 0;
  if (JS_IsNumber(value) || JS_IsBigInt(value)) {
    int64_t number;
    if (JS_ToInt64Ext(context, &number, value) < 0) return false;
    *word = number;
  } else if (!JS_IsNull(value) && !JS_IsUndefined(value)) {
    size_t length;
    *word = (long)bytes_of(context, value, &length);
    return *word != 0 || !JS_HasException(context);
  }
  return true;
}

/* What `bind` gives: calls the function at `which`. */
static JSValue call(JSContext *context, JSValueConst this, int count, JSValueConst *arguments, int which) {
  (void)this;
  long words[6] = {0};
  for (int at = 0; at < count && at < 6; at++)
    if (!to_word(context, &words[at], arguments[at])) return JS_EXCEPTION;
  errno = 0;
  long result = functions[which].function(words[0], words[1], words[2], words[3], words[4], words[5]);
  last_errno = errno;
  changed |= functions[which].changes;
  if (functions[which].gives_pointer) return result == 0 ? JS_NULL : JS_NewInt32(context, 1);
  return JS_NewInt32(context, (int)result);
}

/* host.bind(name): the function of the C library */
static JSValue bind_function(JSContext *context, JSValueConst this, int count, JSValueConst *arguments) {
  (void)this, (void)count;
  const char *name = JS_ToCString(context, arguments[0]);
  if (name == NULL) return JS_EXCEPTION;
  JSValue bound = JS_UNDEFINED;
  for (size_t at = 0; at < sizeof functions / sizeof *functions; at++)
    if (strcmp(functions[at].name, name) == 0) bound = JS_NewCFunctionMagic(context, call, functions[at].name, 0, JS_CFUNC_generic_magic, at);
  JS_FreeCString(context, name);
  return bound;
}

/* host.errno(): the number of the error that the last call left */
static JSValue get_errno(JSContext *context, JSValueConst this, int count, JSValueConst *arguments) {
  (void)this, (void)count, (void)arguments;
  return JS_NewInt32(context, last_errno);
}

/* host.address(bytes): where they lie; valid as long as they are kept */
static JSValue address(JSContext *context, JSValueConst this, int count, JSValueConst *arguments) {
  (void)this, (void)count;
  long word;
  return to_word(context, &word, arguments[0]) ? JS_NewInt64(context, word) : JS_EXCEPTION;
}

/* host.changed(): whether the process has done what a second run of the call would find done */
static JSValue get_changed(JSContext *context, JSValueConst this, int count, JSValueConst *arguments) {
  (void)this, (void)count, (void)arguments;
  return JS_NewBool(context, changed);
}

static const JSCFunctionListEntry offered[] = {
  JS_CFUNC_DEF("bind", 1, bind_function),
  JS_CFUNC_DEF("errno", 0, get_errno),
  JS_CFUNC_DEF("address", 1, address),
  JS_CFUNC_DEF("changed", 0, get_changed),
};

void library_install(JSContext *context, JSValueConst host) {
  JS_SetPropertyFunctionList(context, host, offered, sizeof offered / sizeof *offered);
}
