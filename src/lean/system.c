/* `host` of the lean engine: functions of the C library, the environment, processes, time. Touches the process it runs in. */
#define _GNU_SOURCE
#include "host.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;
static int last_errno;
static bool changed; /* a record is saved by a rename before anything is done, and deleted after all is undone */

/* What src/kernel binds by name, and `kill`. All arguments are integers or pointers, six at most. */
typedef long any_function(long, long, long, long, long, long);
#define NAMED(name) {#name, (any_function *)(void *)name}
static const struct {
  const char *name;
  any_function *function;
} functions[] = {
  NAMED(socket), NAMED(bind), NAMED(connect), NAMED(setsockopt), NAMED(getsockopt), NAMED(send), NAMED(sendto),
  NAMED(recvfrom), NAMED(setns), NAMED(unshare), NAMED(ioctl), NAMED(open), NAMED(close), NAMED(read), NAMED(pread),
  NAMED(write), NAMED(pwrite), NAMED(ftruncate), NAMED(access), NAMED(statfs), NAMED(mkdir), NAMED(rename),
  NAMED(unlink), NAMED(rmdir), NAMED(realpath), NAMED(syscall), NAMED(flock), NAMED(kill),
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
  if (functions[which].function == (any_function *)(void *)rename || functions[which].function == (any_function *)(void *)unlink) changed = true;
  if (functions[which].function == (any_function *)(void *)realpath) return result == 0 ? JS_NULL : JS_NewInt32(context, 1);
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

/* host.wait(descriptors, milliseconds): those of which there is something to read, or which ended; -1 ms: for ever */
static JSValue wait_for(JSContext *context, JSValueConst this, int count, JSValueConst *arguments) {
  (void)this, (void)count;
  int64_t descriptors;
  int32_t milliseconds;
  if (JS_GetLength(context, arguments[0], &descriptors) < 0 || JS_ToInt32(context, &milliseconds, arguments[1]) < 0) return JS_EXCEPTION;
  struct pollfd *polled = js_mallocz(context, (descriptors + 1) * sizeof *polled);
  if (polled == NULL) return JS_EXCEPTION;
  for (int64_t at = 0; at < descriptors; at++) {
    JSValue descriptor = JS_GetPropertyInt64(context, arguments[0], at);
    if (JS_ToInt32(context, &polled[at].fd, descriptor) < 0) {
      js_free(context, polled);
      return JS_EXCEPTION;
    }
    polled[at].events = POLLIN;
  }
  int found = poll(polled, descriptors, milliseconds);
  JSValue ready = JS_NewArray(context);
  for (int64_t at = 0, next = 0; found > 0 && at < descriptors; at++)
    if (polled[at].revents != 0) JS_SetPropertyInt64(context, ready, next++, JS_NewInt32(context, polled[at].fd));
  js_free(context, polled);
  return ready;
}

static void free_strings(JSContext *context, char **strings) {
  for (char **one = strings; strings != NULL && *one != NULL; one++) js_free(context, *one);
  js_free(context, strings);
}

/* A list of strings for exec, to be freed; null, and an exception, when one is none. */
static char **strings_of(JSContext *context, JSValueConst list) {
  int64_t length;
  if (JS_GetLength(context, list, &length) < 0) return NULL;
  char **strings = js_mallocz(context, (length + 1) * sizeof *strings);
  for (int64_t at = 0; strings != NULL && at < length; at++) {
    JSValue item = JS_GetPropertyInt64(context, list, at);
    size_t size;
    const char *text = JS_ToCStringLen(context, &size, item);
    JS_FreeValue(context, item);
    strings[at] = text == NULL ? NULL : js_strdup(context, text);
    bool whole = strings[at] != NULL && strlen(text) == size;
    JS_FreeCString(context, text);
    if (whole) continue;
    if (!JS_HasException(context)) JS_ThrowTypeError(context, "A zero byte in an argument of a program");
    free_strings(context, strings);
    return NULL;
  }
  return strings;
}

/* Bytes as a file without a name, to read from its start; -1 with errno. */
static int file_of(const uint8_t *bytes, size_t length) {
  enum { not_to_be_run = 8 }; /* MFD_NOEXEC_SEAL of linux/memfd.h, which some nodes demand; since Linux 6.3 */
  int file = memfd_create("stdin", MFD_CLOEXEC | not_to_be_run);
  if (file < 0 && errno == EINVAL) file = memfd_create("stdin", MFD_CLOEXEC);
  for (size_t at = 0; file >= 0 && at < length;) {
    ssize_t written = pwrite(file, bytes + at, length - at, at);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      int problem = errno;
      close(file);
      errno = problem;
      return -1;
    }
    at += written;
  }
  return file;
}

/* The same file under a number that is not of standard input, output or errors, which whoever started us may have closed. */
static int beside_stdio(int file) {
  if (file < 0 || file > 2) return file;
  int other = fcntl(file, F_DUPFD_CLOEXEC, 3), problem = errno;
  close(file);
  errno = problem;
  return other;
}

static bool open_pipe(int ends[2]) {
  if (pipe2(ends, O_CLOEXEC) < 0) return false;
  ends[0] = beside_stdio(ends[0]);
  ends[1] = beside_stdio(ends[1]);
  return ends[0] >= 0 && ends[1] >= 0;
}

/*
 * host.spawn(path, argv, env, stdin): [pid, descriptor of the process, its stdout, its stderr], in a session of its own; the
 * descriptor is -1 before Linux 5.3; a negative number is that of an error
 */
static JSValue spawn(JSContext *context, JSValueConst this, int count, JSValueConst *arguments) {
  (void)this, (void)count;
  size_t length;
  uint8_t *input = bytes_of(context, arguments[3], &length);
  const char *path = input == NULL ? NULL : JS_ToCString(context, arguments[0]);
  char **words = path == NULL ? NULL : strings_of(context, arguments[1]);
  char **variables = words == NULL ? NULL : strings_of(context, arguments[2]);
  if (variables == NULL) {
    free_strings(context, words);
    JS_FreeCString(context, path);
    return JS_EXCEPTION;
  }
  int from_child[2][2] = {{-1, -1}, {-1, -1}}, problem = 0, watch = -1;
  pid_t pid = -1;
  int stdin_file = beside_stdio(file_of(input, length));
  if (stdin_file < 0 || !open_pipe(from_child[0]) || !open_pipe(from_child[1])) problem = errno;
  else {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t changed;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, stdin_file, 0);
    posix_spawn_file_actions_adddup2(&actions, from_child[0][1], 1);
    posix_spawn_file_actions_adddup2(&actions, from_child[1][1], 2);
    posix_spawnattr_init(&attributes);
    sigemptyset(&changed);
    sigaddset(&changed, SIGPIPE); /* which main.c ignores */
    posix_spawnattr_setsigdefault(&attributes, &changed);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF);
    problem = posix_spawn(&pid, path, &actions, &attributes, words, variables);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    if (problem == 0) watch = syscall(SYS_pidfd_open, pid, 0);
    fcntl(from_child[0][0], F_SETFL, O_NONBLOCK);
    fcntl(from_child[1][0], F_SETFL, O_NONBLOCK);
  }
  int mine[] = {stdin_file, from_child[0][1], from_child[1][1]};
  for (size_t at = 0; at < sizeof mine / sizeof *mine; at++)
    if (mine[at] >= 0) close(mine[at]);
  free_strings(context, variables);
  free_strings(context, words);
  JS_FreeCString(context, path);
  if (problem != 0) {
    for (int at = 0; at < 2; at++)
      if (from_child[at][0] >= 0) close(from_child[at][0]);
    return JS_NewInt32(context, -problem);
  }
  JSValue child = JS_NewArray(context);
  int told[] = {pid, watch, from_child[0][0], from_child[1][0]};
  for (int at = 0; at < 4; at++) JS_SetPropertyInt64(context, child, at, JS_NewInt32(context, told[at]));
  return child;
}

/*
 * host.replace(path, argv, env, stdin): this process becomes another program, which reads the bytes; gives the number of an
 * error when it does not. host.changed(): whether the process has done what a second run would find done.
 */
static JSValue replace(JSContext *context, JSValueConst this, int count, JSValueConst *arguments) {
  (void)this, (void)count;
  size_t length;
  uint8_t *input = bytes_of(context, arguments[3], &length);
  const char *path = input == NULL ? NULL : JS_ToCString(context, arguments[0]);
  char **words = path == NULL ? NULL : strings_of(context, arguments[1]);
  char **variables = words == NULL ? NULL : strings_of(context, arguments[2]);
  int file = variables == NULL ? -1 : file_of(input, length);
  if (variables == NULL) return JS_EXCEPTION;
  if (file < 0 || dup2(file, 0) < 0) return JS_NewInt32(context, errno);
  signal(SIGPIPE, SIG_DFL); /* what is ignored stays so for the next program */
  execve(path, words, variables);
  return JS_NewInt32(context, errno);
}

static JSValue get_changed(JSContext *context, JSValueConst this, int count, JSValueConst *arguments) {
  (void)this, (void)count, (void)arguments;
  return JS_NewBool(context, changed);
}

/* host.digest(wide, bytes): an ArrayBuffer */
static JSValue digest(JSContext *context, JSValueConst this, int count, JSValueConst *arguments) {
  (void)this, (void)count;
  size_t length;
  uint8_t found[64], *bytes = bytes_of(context, arguments[1], &length);
  if (bytes == NULL) return JS_EXCEPTION;
  return JS_NewArrayBufferCopy(context, found, hash_digest(JS_ToBool(context, arguments[0]), bytes, length, found));
}

/* host.xxHash3(bytes): a BigInt */
static JSValue xx_hash3(JSContext *context, JSValueConst this, int count, JSValueConst *arguments) {
  (void)this, (void)count;
  size_t length;
  uint8_t *bytes = bytes_of(context, arguments[0], &length);
  return bytes == NULL ? JS_EXCEPTION : JS_NewBigUint64(context, hash_quickly(bytes, length));
}

/* host.locateAttributes(data, skip, only): as src/kernel/attributes.ts, where its words are */
static JSValue locate_attributes(JSContext *context, JSValueConst this, int count, JSValueConst *arguments) {
  (void)this;
  enum { header = 4, mask = 0x3fff, most = 128 }; /* values that are gathered before they are put into the list */
  size_t end, known = 0;
  int64_t at;
  uint8_t *data = bytes_of(context, arguments[0], &end), *only = NULL;
  if (data == NULL || JS_ToInt64(context, &at, arguments[1]) < 0) return JS_EXCEPTION;
  if (at < 0) return JS_ThrowRangeError(context, "Cannot skip %lld bytes", (long long)at);
  if (count > 2 && !JS_IsUndefined(arguments[2]) && (only = bytes_of(context, arguments[2], &known)) == NULL) return JS_EXCEPTION;
  JSValue found = JS_UNDEFINED, gathered[3 * most];
  int used = 0;
  int64_t put = 0;
  while (at < (int64_t)end) {
    int64_t left = end - at;
    unsigned length = left < 2 ? 0 : data[at] | data[at + 1] << 8, type = left < header ? 0 : (data[at + 2] | data[at + 3] << 8) & mask;
    if (length < header || length > left) {
      JS_FreeValue(context, found);
      return JS_ThrowRangeError(context, "Cannot read attribute %u of %u bytes: %lld are left", type, length, (long long)left);
    }
    if (only == NULL || (type < known && only[type] == 1)) {
      if (used == 3 * most) { /* seldom: a list in pieces */
        if (JS_IsUndefined(found)) found = JS_NewArray(context);
        for (int n = 0; n < used; n++) JS_SetPropertyInt64(context, found, put++, gathered[n]);
        used = 0;
      }
      gathered[used++] = JS_NewInt32(context, type);
      gathered[used++] = JS_NewInt32(context, at + header);
      gathered[used++] = JS_NewInt32(context, at + length);
    }
    at += (length + 3) & ~3u;
  }
  if (JS_IsUndefined(found)) return JS_NewArrayFrom(context, used, gathered);
  for (int n = 0; n < used; n++) JS_SetPropertyInt64(context, found, put++, gathered[n]);
  return found;
}

/* host.ended(pid): its exit status, or minus the signal that ended it; undefined while it runs */
static JSValue ended(JSContext *context, JSValueConst this, int count, JSValueConst *arguments) {
  (void)this, (void)count;
  int32_t pid;
  int status;
  if (JS_ToInt32(context, &pid, arguments[0]) < 0) return JS_EXCEPTION;
  if (waitpid(pid, &status, WNOHANG) != pid) return JS_UNDEFINED;
  return JS_NewInt32(context, WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status));
}

/* host.hostname() */
static JSValue hostname(JSContext *context, JSValueConst this, int count, JSValueConst *arguments) {
  (void)this, (void)count, (void)arguments;
  char name[HOST_NAME_MAX + 1] = "";
  gethostname(name, sizeof name - 1);
  return JS_NewString(context, name);
}

static const JSCFunctionListEntry offered[] = {
  JS_CFUNC_DEF("bind", 1, bind_function),
  JS_CFUNC_DEF("errno", 0, get_errno),
  JS_CFUNC_DEF("address", 1, address),
  JS_CFUNC_DEF("environment", 0, environment),
  JS_CFUNC_DEF("exit", 1, leave),
  JS_CFUNC_DEF("now", 0, now),
  JS_CFUNC_DEF("random", 0, random_number),
  JS_CFUNC_DEF("pid", 0, own_pid),
  JS_CFUNC_DEF("wait", 2, wait_for),
  JS_CFUNC_DEF("spawn", 4, spawn),
  JS_CFUNC_DEF("replace", 4, replace),
  JS_CFUNC_DEF("changed", 0, get_changed),
  JS_CFUNC_DEF("digest", 2, digest),
  JS_CFUNC_DEF("xxHash3", 1, xx_hash3),
  JS_CFUNC_DEF("locateAttributes", 2, locate_attributes),
  JS_CFUNC_DEF("ended", 1, ended),
  JS_CFUNC_DEF("hostname", 0, hostname),
};

void system_install(JSContext *context, JSValueConst global) {
  JSValue host = JS_NewObject(context);
  JS_SetPropertyFunctionList(context, host, offered, sizeof offered / sizeof *offered);
  JS_SetPropertyStr(context, global, "host", host);
}
