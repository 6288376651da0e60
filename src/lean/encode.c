/* `host` of the lean engine: src/kernel/encode.ts, where its words are. Pure. */
#include "host.h"
#include <string.h>

enum { message_header = 16, attribute_header = 4, longest = 0xffff, request = 1 /* NLM_F_REQUEST */, deepest = 16 };
enum { plain_bytes = -1, end_of_nest = -2 }; /* of src/kernel/attribute-stream.ts */

/* Bytes as they grow; `at` is null when there was no memory for them. */
struct bytes {
  JSContext *context;
  uint8_t *at;
  size_t length, room;
};

/* Where the next `more` bytes go, zero; null: an exception. */
static uint8_t *add(struct bytes *out, size_t more) {
  if (out->length + more > out->room) {
    size_t room = 2 * (out->length + more);
    uint8_t *moved = js_realloc(out->context, out->at, room);
    if (moved == NULL) return NULL;
    out->at = moved;
    out->room = room;
  }
  uint8_t *start = out->at + out->length;
  memset(start, 0, more);
  out->length += more;
  return start;
}

static bool align(struct bytes *out) {
  return add(out, -out->length & 3) != NULL;
}

static void put16(uint8_t *at, uint16_t value) {
  memcpy(at, &value, sizeof value);
}

static void put32(uint8_t *at, uint32_t value) {
  memcpy(at, &value, sizeof value);
}

/* Writes the length of the attribute that starts there. */
static bool finish(struct bytes *out, size_t start) {
  size_t length = out->length - start;
  if (length > longest) {
    JS_ThrowRangeError(out->context, "Cannot send an attribute of %zu bytes: at most %d", length, longest);
    return false;
  }
  put16(out->at + start, length);
  return true;
}

/* Adds a number of 32 bits, bytes, or text with a NUL. */
static bool add_value(struct bytes *out, JSValueConst value) {
  if (JS_IsNumber(value)) {
    int64_t number;
    uint8_t *to = JS_ToInt64(out->context, &number, value) < 0 ? NULL : add(out, 4);
    if (to != NULL) put32(to, number);
    return to != NULL;
  }
  size_t length;
  if (JS_IsString(value)) {
    uint8_t *text = text_bytes(out->context, value, &length);
    uint8_t *to = text == NULL ? NULL : add(out, length + 1);
    if (to != NULL) memcpy(to, text, length);
    js_free(out->context, text);
    return to != NULL;
  }
  const uint8_t *from = bytes_of(out->context, value, &length);
  if (from == NULL && JS_HasException(out->context)) return false;
  uint8_t *to = add(out, length);
  if (to != NULL && length > 0) memcpy(to, from, length);
  return to != NULL;
}

/* Adds one part; `begun` are the starts of the attributes whose end is still to come. */
static bool add_part(struct bytes *out, int what, JSValueConst value, size_t *begun, int *depth) {
  if (what == plain_bytes) return add_value(out, value);
  if (what == end_of_nest && *depth == 0) {
    JS_ThrowRangeError(out->context, "Cannot end an attribute: none was begun");
    return false;
  }
  if (what == end_of_nest) return finish(out, begun[--*depth]);
  if (!align(out)) return false;
  size_t start = out->length;
  uint8_t *header = add(out, attribute_header);
  if (header == NULL) return false;
  put16(header + 2, what);
  if (!JS_IsUndefined(value)) return add_value(out, value) && finish(out, start);
  if (*depth == deepest) {
    JS_ThrowRangeError(out->context, "Cannot nest attributes deeper than %d", deepest);
    return false;
  }
  begun[(*depth)++] = start;
  return true;
}

static bool add_parts(struct bytes *out, JSValueConst parts) {
  size_t begun[deepest];
  int depth = 0;
  int64_t count;
  if (JS_GetLength(out->context, parts, &count) < 0) return false;
  for (int64_t at = 0; at + 1 < count; at += 2) {
    JSValue what = JS_GetPropertyInt64(out->context, parts, at), value = JS_GetPropertyInt64(out->context, parts, at + 1);
    int32_t number;
    bool done = JS_ToInt32(out->context, &number, what) >= 0 && add_part(out, number, value, begun, &depth);
    JS_FreeValue(out->context, what);
    JS_FreeValue(out->context, value);
    if (!done) return false;
  }
  return true;
}

static bool number_in(JSContext *context, JSValueConst message, const char *name, int64_t *number) {
  JSValue found = JS_GetPropertyStr(context, message, name);
  bool is = !JS_IsException(found) && JS_ToInt64(context, number, found) >= 0;
  JS_FreeValue(context, found);
  return is;
}

static bool add_message(struct bytes *out, JSValueConst message, uint32_t sequence, int more_flags) {
  int64_t type, flags;
  if (!number_in(out->context, message, "type", &type) || !number_in(out->context, message, "flags", &flags) || !align(out)) return false;
  size_t start = out->length;
  uint8_t *header = add(out, message_header);
  if (header == NULL) return false;
  put16(header + 4, type);
  put16(header + 6, flags | request | more_flags);
  put32(header + 8, sequence);
  JSValue parts = JS_GetPropertyStr(out->context, message, "parts");
  bool done = !JS_IsException(parts) && add_parts(out, parts);
  JS_FreeValue(out->context, parts);
  if (done) put32(out->at + start, out->length - start);
  return done;
}

/* host.encodeMessages(messages, first, flagsOfLast) */
static JSValue encode_messages(JSContext *context, JSValueConst this, int arguments_count, JSValueConst *arguments) {
  (void)this, (void)arguments_count;
  int64_t count, first;
  int32_t flags;
  if (JS_GetLength(context, arguments[0], &count) < 0 || JS_ToInt64(context, &first, arguments[1]) < 0 || JS_ToInt32(context, &flags, arguments[2]) < 0) return JS_EXCEPTION;
  struct bytes out = {context, js_malloc(context, 256), 0, 256};
  bool done = out.at != NULL;
  for (int64_t at = 0; done && at < count; at++) {
    JSValue message = JS_GetPropertyInt64(context, arguments[0], at);
    done = !JS_IsException(message) && add_message(&out, message, first + at, at == count - 1 ? flags : 0);
    JS_FreeValue(context, message);
  }
  if (done && align(&out)) return buffer_with(context, out.at, out.length);
  js_free(context, out.at);
  return JS_EXCEPTION;
}

static const JSCFunctionListEntry offered[] = {
  JS_CFUNC_DEF("encodeMessages", 3, encode_messages),
};

void encode_install(JSContext *context, JSValueConst host) {
  JS_SetPropertyFunctionList(context, host, offered, sizeof offered / sizeof *offered);
}
