/* `host` of the lean engine: programs that it starts, becomes and waits for. Starts processes. */
#define _GNU_SOURCE
#include "host.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

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

/* What spawn and replace are given. */
struct program {
  const char *path;
  char **words, **variables;
  const uint8_t *input;
  size_t length;
};

static void free_program(JSContext *context, struct program *program) {
  free_strings(context, program->variables);
  free_strings(context, program->words);
  JS_FreeCString(context, program->path);
}

/* False, and an exception, when an argument is not of its kind; nothing is to be freed then. */
static bool program_of(JSContext *context, struct program *program, JSValueConst *arguments) {
  *program = (struct program){0};
  program->input = bytes_of(context, arguments[3], &program->length);
  if (program->input != NULL) program->path = JS_ToCString(context, arguments[0]);
  if (program->path != NULL) program->words = strings_of(context, arguments[1]);
  if (program->words != NULL) program->variables = strings_of(context, arguments[2]);
  if (program->variables != NULL) return true;
  free_program(context, program);
  return false;
}

/* What it is to read; -1 with errno. */
static int stdin_of(const struct program *program) { return beside_stdio(file_of(program->input, program->length)); }

/*
 * host.spawn(path, argv, env, stdin): [pid, descriptor of the process, its stdout, its stderr], in a session of its own; the
 * descriptor is -1 before Linux 5.3; a negative number is that of an error
 */
static JSValue spawn(JSContext *context, JSValueConst this, int count, JSValueConst *arguments) {
  (void)this, (void)count;
  struct program program;
  if (!program_of(context, &program, arguments)) return JS_EXCEPTION;
  int from_child[2][2] = {{-1, -1}, {-1, -1}}, problem = 0, watch = -1;
  pid_t pid = -1;
  int stdin_file = stdin_of(&program);
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
    problem = posix_spawn(&pid, program.path, &actions, &attributes, program.words, program.variables);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    if (problem == 0) watch = syscall(SYS_pidfd_open, pid, 0);
    fcntl(from_child[0][0], F_SETFL, O_NONBLOCK);
    fcntl(from_child[1][0], F_SETFL, O_NONBLOCK);
  }
  int mine[] = {stdin_file, from_child[0][1], from_child[1][1]};
  for (size_t at = 0; at < sizeof mine / sizeof *mine; at++)
    if (mine[at] >= 0) close(mine[at]);
  free_program(context, &program);
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
 * error when it does not
 */
static JSValue replace(JSContext *context, JSValueConst this, int count, JSValueConst *arguments) {
  (void)this, (void)count;
  struct program program;
  if (!program_of(context, &program, arguments)) return JS_EXCEPTION;
  int file = stdin_of(&program);
  if (file >= 0 && dup2(file, 0) == 0) {
    signal(SIGPIPE, SIG_DFL); /* what is ignored stays so for the next program */
    execve(program.path, program.words, program.variables);
  }
  int problem = errno;
  free_program(context, &program);
  return JS_NewInt32(context, problem);
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

static const JSCFunctionListEntry offered[] = {
  JS_CFUNC_DEF("wait", 2, wait_for),
  JS_CFUNC_DEF("spawn", 4, spawn),
  JS_CFUNC_DEF("replace", 4, replace),
  JS_CFUNC_DEF("ended", 1, ended),
};

void process_install(JSContext *context, JSValueConst host) {
  JS_SetPropertyFunctionList(context, host, offered, sizeof offered / sizeof *offered);
}
