/* `host` of the lean engine: a thread that hands requests to the kernel while the program goes on. Touches the sockets it is given. */
#define _GNU_SOURCE
#include "host.h"
#include <errno.h>
#include <linux/netlink.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { most = 128, stack = 256 << 10 };

/* Each is written by the program before it tells the thread, and by the thread before it tells the program: eventfds order both. */
struct request {
  int socket, problem;
  const uint8_t *bytes; /* the program keeps them until it is told */
  size_t length;
};

static struct {
  struct request ring[most];
  unsigned asked, told; /* of the program: how many it asked for, and was told of */
  int ask, tell; /* eventfds: how many are new, how many are done */
  enum { unknown, running, impossible } state;
} sender;

static void *work(void *unused) {
  (void)unused;
  for (unsigned next = 0;;) {
    uint64_t count, one = 1;
    if (read(sender.ask, &count, sizeof count) != sizeof count) continue;
    for (; count > 0; count--) {
      struct request *request = &sender.ring[next++ % most];
      struct iovec bytes = {(void *)request->bytes, request->length};
      struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
      struct msghdr message = {.msg_name = &kernel, .msg_namelen = sizeof kernel, .msg_iov = &bytes, .msg_iovlen = 1};
      ssize_t sent;
      do sent = sendmsg(request->socket, &message, 0);
      while (sent < 0 && errno == EINTR);
      request->problem = sent < 0 ? errno : 0;
      if (write(sender.tell, &one, sizeof one) < 0) request->problem = errno; /* it has room for any count */
    }
  }
  return NULL;
}

static bool begin(void) {
  pthread_attr_t attributes;
  pthread_t thread;
  sender.ask = eventfd(0, EFD_CLOEXEC);
  sender.tell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (sender.ask < 0 || sender.tell < 0 || pthread_attr_init(&attributes) != 0) return false;
  pthread_attr_setstacksize(&attributes, stack);
  return pthread_create(&thread, &attributes, work, NULL) == 0;
}

static bool is_running(void) {
  if (sender.state == unknown) sender.state = begin() ? running : impossible;
  return sender.state == running;
}

/* host.startSender(): so that the thread is there when it is needed */
static JSValue start_sender(JSContext *context, JSValueConst this, int count, JSValueConst *arguments) {
  (void)context, (void)this, (void)count, (void)arguments;
  is_running();
  return JS_UNDEFINED;
}

/* host.send(socket, bytes): the descriptor that tells when it is done, or undefined where no thread can be had: nothing is sent then */
static JSValue send_beside(JSContext *context, JSValueConst this, int count, JSValueConst *arguments) {
  (void)this, (void)count;
  if (!is_running() || sender.asked - sender.told == most) return JS_UNDEFINED;
  struct request *request = &sender.ring[sender.asked % most];
  request->bytes = bytes_of(context, arguments[1], &request->length);
  if (request->bytes == NULL || JS_ToInt32(context, &request->socket, arguments[0]) < 0) return JS_EXCEPTION;
  uint64_t one = 1;
  sender.asked++;
  if (write(sender.ask, &one, sizeof one) < 0) return JS_ThrowInternalError(context, "Cannot tell the thread that sends");
  return JS_NewInt32(context, sender.tell);
}

/* host.sent(): the errno of each that is done, in order; 0 where the kernel took it */
static JSValue sent(JSContext *context, JSValueConst this, int count, JSValueConst *arguments) {
  (void)this, (void)count, (void)arguments;
  uint64_t done = 0;
  if (read(sender.tell, &done, sizeof done) < 0) done = 0;
  JSValue problems = JS_NewArray(context);
  for (uint32_t at = 0; at < done; at++)
    JS_SetPropertyUint32(context, problems, at, JS_NewInt32(context, sender.ring[sender.told++ % most].problem));
  return problems;
}

static const JSCFunctionListEntry offered[] = {
  JS_CFUNC_DEF("startSender", 0, start_sender),
  JS_CFUNC_DEF("send", 2, send_beside),
  JS_CFUNC_DEF("sent", 0, sent),
};

void sender_install(JSContext *context, JSValueConst host) {
  JS_SetPropertyFunctionList(context, host, offered, sizeof offered / sizeof *offered);
}
