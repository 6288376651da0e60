/* `Buffer` of the lean engine: the methods that Braid and the netlink codecs use, as node:buffer has them. Pure. */
#define _GNU_SOURCE
#include "host.h"
#include <stdlib.h>
#include <string.h>

uint8_t *bytes_of(JSContext *context, JSValueConst value, size_t *length) {
  if (JS_GetTypedArrayType(value) == JS_TYPED_ARRAY_UINT8) return JS_GetUint8Array(context, length, value);
  size_t offset, size, whole;
  JSValue buffer = JS_GetTypedArrayBuffer(context, value, &offset, length, &size);
  if (JS_IsException(buffer)) return NULL;
  uint8_t *bytes = JS_GetArrayBuffer(context, &whole, buffer);
  JS_FreeValue(context, buffer); /* the array keeps it */
  return bytes == NULL ? NULL : bytes + offset;
}

/* The bytes of an ArrayBuffer from `offset` on as a `Buffer`. To give it that prototype afterwards would take another shape for each. */
static JSValue buffer_over(JSContext *context, JSValueConst bytes, JSValueConst offset, JSValueConst length) {
  JSValueConst arguments[] = {bytes, offset, length};
  return JS_CallConstructor2(context, heap_engine()->uint8_array, heap_engine()->buffer, 3, arguments);
}

static void let_go(JSRuntime *runtime, void *opaque, void *bytes) {
  (void)opaque;
  js_free_rt(runtime, bytes);
}

static void *resize_bytes(JSRuntime *runtime, void *opaque, void *bytes, size_t size) {
  if (size != 0) return js_realloc_rt(runtime, bytes, size);
  let_go(runtime, opaque, bytes);
  return NULL;
}

JSValue buffer_with(JSContext *context, uint8_t *bytes, size_t length) {
  if (bytes == NULL) return JS_EXCEPTION;
  JSValue all = JS_NewArrayBuffer(context, bytes, length, 0, resize_bytes, NULL, false);
  JSValue made = JS_IsException(all) ? JS_EXCEPTION : buffer_over(context, all, JS_UNDEFINED, JS_UNDEFINED);
  JS_FreeValue(context, all);
  return made;
}

static JSValue buffer_copy(JSContext *context, const void *bytes, size_t length) {
  uint8_t *own = js_malloc(context, length + 1);
  if (own != NULL) memcpy(own, bytes, length);
  return buffer_with(context, own, length);
}

static int digit(int character) {
  if (character >= '0' && character <= '9') return character - '0';
  int letter = character | 32;
  return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

/* The six bits of a character of base64, in either alphabet. */
static int six_bits(int character) {
  if (character >= 'A' && character <= 'Z') return character - 'A';
  if (character >= 'a' && character <= 'z') return character - 'a' + 26;
  if (character >= '0' && character <= '9') return character - '0' + 52;
  return character == '+' || character == '-' ? 62 : character == '/' || character == '_' ? 63 : -1;
}

/* Half of a surrogate pair is no character: U+FFFD in its place, which takes as many bytes. */
static void make_well_formed(uint8_t *bytes, size_t length) {
  uint8_t *at = bytes, *end = bytes + length;
  while ((at = memchr(at, 0xed, end - at)) != NULL) {
    if (end - at >= 3 && at[1] >= 0xa0) memcpy(at, "\xef\xbf\xbd", 3);
    at++;
  }
}

enum encoding { utf8, latin1, hex, base64, unknown };

static enum encoding encoding_of(JSContext *context, int count, JSValueConst *arguments, int at) {
  if (count <= at || JS_IsUndefined(arguments[at])) return utf8;
  const char *name = JS_ToCString(context, arguments[at]);
  if (name == NULL) return unknown;
  enum encoding found = !strcmp(name, "utf8") || !strcmp(name, "utf-8") ? utf8
    : !strcmp(name, "latin1") || !strcmp(name, "ascii") ? latin1
    : !strcmp(name, "hex") ? hex
    : !strcmp(name, "base64") || !strcmp(name, "base64url") ? base64 : unknown;
  if (found == unknown) JS_ThrowTypeError(context, "Unknown encoding: %s", name);
  JS_FreeCString(context, name);
  return found;
}

uint8_t *text_bytes(JSContext *context, JSValueConst text, size_t *length) {
  const char *characters = JS_ToCStringLen(context, length, text);
  if (characters == NULL) return NULL;
  uint8_t *bytes = js_malloc(context, *length + 1);
  if (bytes != NULL) {
    memcpy(bytes, characters, *length);
    make_well_formed(bytes, *length);
  }
  JS_FreeCString(context, characters);
  return bytes;
}

static JSValue from_text(JSContext *context, JSValueConst text, enum encoding encoding) {
  size_t length;
  if (encoding == utf8) {
    uint8_t *all = text_bytes(context, text, &length);
    return buffer_with(context, all, length);
  }
  const char *characters = JS_ToCStringLen(context, &length, text);
  if (characters == NULL) return JS_EXCEPTION;
  uint8_t *bytes = js_malloc(context, length + 1);
  size_t count = 0;
  if (bytes != NULL && encoding == hex) {
    for (; 2 * count + 1 < length; count++) { /* as far as it is hexadecimal */
      int high = digit(characters[2 * count]), low = digit(characters[2 * count + 1]);
      if (high < 0 || low < 0) break;
      bytes[count] = high << 4 | low;
    }
  } else if (bytes != NULL && encoding == base64) {
    uint32_t bits = 0;
    int held = 0;
    for (size_t at = 0; at < length && characters[at] != '='; at++) { /* what is none of it is passed over */
      int more = six_bits(characters[at]);
      if (more < 0) continue;
      bits = bits << 6 | more;
      held += 6;
      if (held >= 8) bytes[count++] = bits >> (held -= 8);
    }
  } else if (bytes != NULL) {
    for (const uint8_t *at = (const uint8_t *)characters, *end = at + length; at < end;) {
      uint32_t point = *at++;
      int more = point >= 0xf0 ? 3 : point >= 0xe0 ? 2 : point >= 0xc0 ? 1 : 0;
      if (more > 0) point &= 0x3f >> more;
      for (; more > 0 && at < end; more--) point = point << 6 | (*at++ & 0x3f);
      if (point > 0xffff) bytes[count++] = (point - 0x10000) >> 10; /* two units of UTF-16: the low byte of each */
      bytes[count++] = point;
    }
  }
  JS_FreeCString(context, characters);
  return buffer_with(context, bytes, count);
}

/* Buffer.alloc(length, byte), allocUnsafe(length), allocUnsafeSlow(length) */
static JSValue alloc(JSContext *context, JSValueConst this, int count, JSValueConst *arguments) {
  (void)this;
  int64_t length;
  int32_t byte = 0;
  if (JS_ToInt64(context, &length, arguments[0]) < 0) return JS_EXCEPTION;
  if (count > 1 && JS_ToInt32(context, &byte, arguments[1]) < 0) return JS_EXCEPTION;
  if (length < 0 || length > INT32_MAX) return JS_ThrowRangeError(context, "A buffer cannot have %lld bytes", (long long)length);
  uint8_t *bytes = js_malloc(context, length + 1);
  if (bytes != NULL) memset(bytes, byte, length);
  return buffer_with(context, bytes, length);
}

/* Buffer.from(text, encoding), from(bytes or numbers), from(ArrayBuffer, offset, length) */
static JSValue from(JSContext *context, JSValueConst this, int count, JSValueConst *arguments) {
  (void)this;
  JSValueConst given = arguments[0];
  if (JS_IsString(given)) {
    enum encoding encoding = encoding_of(context, count, arguments, 1);
    return encoding == unknown ? JS_EXCEPTION : from_text(context, given, encoding);
  }
  if (JS_IsArrayBuffer(given))
    return buffer_over(context, given, count > 1 ? arguments[1] : JS_UNDEFINED, count > 2 ? arguments[2] : JS_UNDEFINED);
  size_t length;
  if (JS_GetTypedArrayType(given) == JS_TYPED_ARRAY_UINT8) {
    uint8_t *bytes = JS_GetUint8Array(context, &length, given);
    return bytes == NULL ? JS_EXCEPTION : buffer_copy(context, bytes, length);
  }
  int64_t items;
  if (JS_GetLength(context, given, &items) < 0) return JS_EXCEPTION;
  uint8_t *bytes = js_malloc(context, items + 1);
  for (int64_t at = 0; bytes != NULL && at < items; at++) {
    JSValue item = JS_GetPropertyInt64(context, given, at);
    int32_t number;
    if (JS_IsException(item) || JS_ToInt32(context, &number, item) < 0) {
      JS_FreeValue(context, item);
      js_free(context, bytes);
      return JS_EXCEPTION;
    }
    JS_FreeValue(context, item);
    bytes[at] = number;
  }
  return buffer_with(context, bytes, items);
}

/* Buffer.concat(list, length): cut, or filled up with zeros, to that length */
static JSValue concat(JSContext *context, JSValueConst this, int count, JSValueConst *arguments) {
  (void)this;
  int64_t parts, wanted = 0;
  if (JS_GetLength(context, arguments[0], &parts) < 0) return JS_EXCEPTION;
  bool fixed = count > 1 && !JS_IsUndefined(arguments[1]);
  if (fixed && JS_ToInt64(context, &wanted, arguments[1]) < 0) return JS_EXCEPTION;
  uint8_t *whole = NULL;
  size_t room = 0;
  for (int pass = 0; pass < 2; pass++) { /* first how much, then the bytes */
    size_t filled = 0;
    for (int64_t at = 0; at < parts; at++) {
      JSValue part = JS_GetPropertyInt64(context, arguments[0], at);
      size_t length;
      uint8_t *bytes = JS_IsException(part) ? NULL : bytes_of(context, part, &length);
      JS_FreeValue(context, part);
      if (bytes == NULL && JS_HasException(context)) {
        js_free(context, whole);
        return JS_EXCEPTION;
      }
      if (whole != NULL) memcpy(whole + filled, bytes, length < room - filled ? length : room - filled);
      filled += whole != NULL && length > room - filled ? room - filled : length;
    }
    if (pass == 0) {
      room = parts == 0 ? 0 : fixed ? (size_t)wanted : filled;
      whole = js_mallocz(context, room + 1);
      if (whole == NULL) return JS_EXCEPTION;
    }
  }
  return buffer_with(context, whole, room);
}

static JSValue is_buffer(JSContext *context, JSValueConst this, int count, JSValueConst *arguments) {
  (void)this, (void)count;
  if (JS_GetTypedArrayType(arguments[0]) != JS_TYPED_ARRAY_UINT8) return JS_FALSE;
  JSValue prototype = JS_GetPrototype(context, arguments[0]);
  bool same = JS_IsStrictEqual(context, prototype, heap_engine()->buffer_prototype);
  JS_FreeValue(context, prototype);
  return JS_NewBool(context, same);
}

static JSValue byte_length(JSContext *context, JSValueConst this, int count, JSValueConst *arguments) {
  (void)this, (void)count;
  size_t length;
  if (!JS_IsString(arguments[0])) return bytes_of(context, arguments[0], &length) == NULL ? JS_EXCEPTION : JS_NewInt64(context, length);
  const char *characters = JS_ToCStringLen(context, &length, arguments[0]);
  if (characters == NULL) return JS_EXCEPTION;
  JS_FreeCString(context, characters);
  return JS_NewInt64(context, length);
}

/* A position within `length`, as Array.prototype.slice reads one: a negative one counts from the end. */
static bool clamped(JSContext *context, int64_t *position, JSValueConst given, size_t length) {
  if (JS_ToInt64(context, position, given) < 0) return false;
  if (*position < 0) *position += length;
  if (*position < 0) *position = 0;
  if (*position > (int64_t)length) *position = length;
  return true;
}

/* The range that two arguments name, from the one at `at` on. */
static bool range(JSContext *context, int count, JSValueConst *arguments, int at, size_t length, int64_t *start, int64_t *end) {
  *start = 0;
  *end = length;
  if (count > at && !JS_IsUndefined(arguments[at]) && !clamped(context, start, arguments[at], length)) return false;
  if (count > at + 1 && !JS_IsUndefined(arguments[at + 1]) && !clamped(context, end, arguments[at + 1], length)) return false;
  if (*end < *start) *end = *start;
  return true;
}

/* subarray(start, end), slice(start, end): the same bytes */
static JSValue subarray(JSContext *context, JSValueConst this, int count, JSValueConst *arguments) {
  size_t offset, length, size;
  int64_t start, end;
  JSValue buffer = JS_GetTypedArrayBuffer(context, this, &offset, &length, &size);
  if (JS_IsException(buffer)) return JS_EXCEPTION;
  if (!range(context, count, arguments, 0, length, &start, &end)) {
    JS_FreeValue(context, buffer);
    return JS_EXCEPTION;
  }
  JSValue part = buffer_over(context, buffer, JS_NewInt64(context, offset + start), JS_NewInt64(context, end - start));
  JS_FreeValue(context, buffer);
  return part;
}

/* How many of the bytes are one character of UTF-8; less than none: that many are none, and stand for one U+FFFD (WHATWG Encoding, 4.1). */
static int character_at(const uint8_t *at, const uint8_t *end) {
  int first = at[0], length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  if (length == 0) return -1;
  for (int n = 1; n < length; n++) {
    int least = n > 1 ? 0x80 : first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    int most = n > 1 ? 0xbf : first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (at + n >= end || at[n] < least || at[n] > most) return -n;
  }
  return length;
}

static JSValue text_of(JSContext *context, const uint8_t *bytes, size_t length) {
  const uint8_t *end = bytes + length, *bad = bytes;
  for (int size; bad < end && (size = character_at(bad, end)) > 0; bad += size);
  if (bad == end) return JS_NewStringLen(context, (const char *)bytes, length);
  char *characters = js_malloc(context, 3 * length);
  size_t written = 0;
  for (const uint8_t *at = bytes; characters != NULL && at < end;) {
    int size = character_at(at, end);
    memcpy(characters + written, size > 0 ? (const char *)at : "\xef\xbf\xbd", size > 0 ? size : 3);
    written += size > 0 ? size : 3;
    at += size > 0 ? size : -size;
  }
  if (characters == NULL) return JS_EXCEPTION;
  JSValue text = JS_NewStringLen(context, characters, written);
  js_free(context, characters);
  return text;
}

/* toString(encoding, start, end) */
static JSValue to_string(JSContext *context, JSValueConst this, int count, JSValueConst *arguments) {
  size_t length;
  int64_t start, end;
  uint8_t *bytes = bytes_of(context, this, &length);
  if (bytes == NULL) return JS_EXCEPTION;
  enum encoding encoding = encoding_of(context, count, arguments, 0);
  if (encoding == unknown || !range(context, count, arguments, 1, length, &start, &end)) return JS_EXCEPTION;
  bytes += start;
  length = end - start;
  if (encoding == utf8) return text_of(context, bytes, length);
  if (encoding == base64) return JS_ThrowTypeError(context, "base64 is read, not written");
  char *characters = js_malloc(context, 2 * length + 1);
  if (characters == NULL) return JS_EXCEPTION;
  size_t written = 0;
  for (size_t at = 0; at < length; at++)
    if (encoding == hex) {
      characters[written++] = "0123456789abcdef"[bytes[at] >> 4];
      characters[written++] = "0123456789abcdef"[bytes[at] & 15];
    } else if (bytes[at] < 0x80) characters[written++] = bytes[at];
    else {
      characters[written++] = 0xc0 | bytes[at] >> 6;
      characters[written++] = 0x80 | (bytes[at] & 0x3f);
    }
  JSValue text = JS_NewStringLen(context, characters, written);
  js_free(context, characters);
  return text;
}

/* indexOf(byte, text or bytes, start) */
static JSValue index_of(JSContext *context, JSValueConst this, int count, JSValueConst *arguments) {
  size_t length, sought_length = 1;
  int64_t start = 0;
  int32_t byte;
  uint8_t single, *bytes = bytes_of(context, this, &length);
  if (bytes == NULL) return JS_EXCEPTION;
  if (count > 1 && !JS_IsUndefined(arguments[1]) && !clamped(context, &start, arguments[1], length)) return JS_EXCEPTION;
  JSValue text = JS_UNDEFINED;
  uint8_t *sought = &single;
  if (JS_IsNumber(arguments[0])) {
    if (JS_ToInt32(context, &byte, arguments[0]) < 0) return JS_EXCEPTION;
    single = byte;
  } else {
    if (JS_IsString(arguments[0])) text = from_text(context, arguments[0], utf8);
    sought = JS_IsException(text) ? NULL : bytes_of(context, JS_IsUndefined(text) ? arguments[0] : text, &sought_length);
    if (sought == NULL) {
      JS_FreeValue(context, text);
      return JS_EXCEPTION;
    }
  }
  uint8_t *found = memmem(bytes + start, length - start, sought, sought_length);
  JS_FreeValue(context, text);
  return JS_NewInt64(context, found == NULL ? -1 : found - bytes);
}

static JSValue equals(JSContext *context, JSValueConst this, int count, JSValueConst *arguments) {
  (void)count;
  size_t length, other_length;
  uint8_t *bytes = bytes_of(context, this, &length);
  uint8_t *other = bytes == NULL ? NULL : bytes_of(context, arguments[0], &other_length);
  if (other == NULL) return JS_HasException(context) ? JS_EXCEPTION : JS_FALSE;
  return JS_NewBool(context, length == other_length && memcmp(bytes, other, length) == 0);
}

/* copy(target, targetStart, start, end): how many */
static JSValue copy(JSContext *context, JSValueConst this, int count, JSValueConst *arguments) {
  size_t length, room;
  int64_t start, end, at = 0;
  uint8_t *bytes = bytes_of(context, this, &length);
  uint8_t *target = bytes == NULL ? NULL : bytes_of(context, arguments[0], &room);
  if (target == NULL) return JS_EXCEPTION;
  if (count > 1 && !JS_IsUndefined(arguments[1]) && !clamped(context, &at, arguments[1], room)) return JS_EXCEPTION;
  if (!range(context, count, arguments, 2, length, &start, &end)) return JS_EXCEPTION;
  if (end - start > (int64_t)room - at) end = start + room - at;
  memmove(target + at, bytes + start, end - start);
  return JS_NewInt64(context, end - start);
}

/* write(text, offset): UTF-8, as much as there is room for; how many bytes */
static JSValue write_text(JSContext *context, JSValueConst this, int count, JSValueConst *arguments) {
  size_t length, room;
  int64_t at = 0;
  uint8_t *target = bytes_of(context, this, &room);
  if (target == NULL) return JS_EXCEPTION;
  if (count > 1 && !JS_IsUndefined(arguments[1]) && !clamped(context, &at, arguments[1], room)) return JS_EXCEPTION;
  const char *characters = JS_ToCStringLen(context, &length, arguments[0]);
  if (characters == NULL) return JS_EXCEPTION;
  if (length > room - at) length = room - at;
  memcpy(target + at, characters, length);
  make_well_formed(target + at, length);
  JS_FreeCString(context, characters);
  return JS_NewInt64(context, length);
}

/* Integers of a buffer: the low bits of `magic` are the width in bytes. */
enum { wide = 15, big_endian = 16, is_signed = 32 };

static uint8_t *integer_at(JSContext *context, JSValueConst this, JSValueConst position, int width) {
  size_t length;
  int64_t at = 0;
  uint8_t *bytes = bytes_of(context, this, &length);
  if (bytes == NULL) return NULL;
  if (!JS_IsUndefined(position) && JS_ToInt64(context, &at, position) < 0) return NULL;
  if (at >= 0 && at + width <= (int64_t)length) return bytes + at;
  JS_ThrowRangeError(context, "The value of \"offset\" is out of range: %lld, with %d bytes, in %zu", (long long)at, width, length);
  return NULL;
}

static JSValue read_integer(JSContext *context, JSValueConst this, int count, JSValueConst *arguments, int magic) {
  int width = magic & wide;
  uint8_t *bytes = integer_at(context, this, count > 0 ? arguments[0] : JS_UNDEFINED, width);
  if (bytes == NULL) return JS_EXCEPTION;
  uint64_t value = 0;
  for (int n = 0; n < width; n++) value = value << 8 | bytes[magic & big_endian ? n : width - 1 - n];
  if (width == 8) return magic & is_signed ? JS_NewBigInt64(context, value) : JS_NewBigUint64(context, value);
  return magic & is_signed ? JS_NewInt32(context, (int32_t)value) : JS_NewUint32(context, value);
}

/* The position behind what was written. */
static JSValue write_integer(JSContext *context, JSValueConst this, int count, JSValueConst *arguments, int magic) {
  int width = magic & wide;
  size_t length;
  int64_t value;
  uint8_t *bytes = integer_at(context, this, count > 1 ? arguments[1] : JS_UNDEFINED, width);
  if (bytes == NULL) return JS_EXCEPTION;
  if (width == 8 ? JS_ToBigInt64(context, &value, arguments[0]) < 0 : JS_ToInt64(context, &value, arguments[0]) < 0) return JS_EXCEPTION;
  if (width < 8) {
    int64_t most = magic & is_signed ? INT32_MAX : (INT64_C(1) << 8 * width) - 1, least = magic & is_signed ? INT32_MIN : 0;
    if (value < least || value > most) return JS_ThrowRangeError(context, "The value of \"value\" is out of range: %lld", (long long)value);
  }
  for (int n = 0; n < width; n++) bytes[magic & big_endian ? width - 1 - n : n] = value >> 8 * n;
  return JS_NewInt64(context, bytes + width - bytes_of(context, this, &length));
}

static const JSCFunctionListEntry makers[] = {
  JS_CFUNC_DEF("alloc", 1, alloc),
  JS_CFUNC_DEF("allocUnsafe", 1, alloc),
  JS_CFUNC_DEF("allocUnsafeSlow", 1, alloc),
  JS_CFUNC_DEF("from", 1, from),
  JS_CFUNC_DEF("concat", 1, concat),
  JS_CFUNC_DEF("isBuffer", 1, is_buffer),
  JS_CFUNC_DEF("byteLength", 1, byte_length),
};

static const JSCFunctionListEntry methods[] = {
  JS_CFUNC_DEF("subarray", 2, subarray),
  JS_CFUNC_DEF("slice", 2, subarray),
  JS_CFUNC_DEF("toString", 0, to_string),
  JS_CFUNC_DEF("indexOf", 1, index_of),
  JS_CFUNC_DEF("equals", 1, equals),
  JS_CFUNC_DEF("copy", 1, copy),
  JS_CFUNC_DEF("write", 1, write_text),
  JS_CFUNC_MAGIC_DEF("readUInt8", 0, read_integer, 1),
  JS_CFUNC_MAGIC_DEF("readUInt16LE", 0, read_integer, 2),
  JS_CFUNC_MAGIC_DEF("readUInt16BE", 0, read_integer, 2 | big_endian),
  JS_CFUNC_MAGIC_DEF("readUInt32LE", 0, read_integer, 4),
  JS_CFUNC_MAGIC_DEF("readUInt32BE", 0, read_integer, 4 | big_endian),
  JS_CFUNC_MAGIC_DEF("readInt32LE", 0, read_integer, 4 | is_signed),
  JS_CFUNC_MAGIC_DEF("readBigUInt64LE", 0, read_integer, 8),
  JS_CFUNC_MAGIC_DEF("readBigInt64LE", 0, read_integer, 8 | is_signed),
  JS_CFUNC_MAGIC_DEF("writeUInt8", 1, write_integer, 1),
  JS_CFUNC_MAGIC_DEF("writeUInt16LE", 1, write_integer, 2),
  JS_CFUNC_MAGIC_DEF("writeUInt16BE", 1, write_integer, 2 | big_endian),
  JS_CFUNC_MAGIC_DEF("writeUInt32LE", 1, write_integer, 4),
  JS_CFUNC_MAGIC_DEF("writeUInt32BE", 1, write_integer, 4 | big_endian),
  JS_CFUNC_MAGIC_DEF("writeInt32LE", 1, write_integer, 4 | is_signed),
  JS_CFUNC_MAGIC_DEF("writeBigUInt64LE", 1, write_integer, 8),
};

void bytes_install(JSContext *context, JSValueConst global) {
  JSValue array = JS_GetPropertyStr(context, global, "Uint8Array");
  JSValue parent = JS_GetPropertyStr(context, array, "prototype");
  JSValue prototype = JS_NewObjectProto(context, parent);
  JS_SetPropertyFunctionList(context, prototype, methods, sizeof methods / sizeof *methods);
  /* Of these Uint8Array has its own, which take no text: what asks for them is to fail, not to be answered wrongly. */
  static const char *const other[] = {"fill", "includes", "lastIndexOf", "toLocaleString"};
  for (size_t at = 0; at < sizeof other / sizeof *other; at++) JS_DefinePropertyValueStr(context, prototype, other[at], JS_UNDEFINED, 0);
  JSValue buffer = JS_NewObject(context);
  JS_SetPropertyFunctionList(context, buffer, makers, sizeof makers / sizeof *makers);
  JS_DefinePropertyValueStr(context, buffer, "prototype", JS_DupValue(context, prototype), 0);
  heap_engine()->buffer_prototype = prototype;
  heap_engine()->buffer = JS_DupValue(context, buffer);
  heap_engine()->uint8_array = array;
  JS_SetPropertyStr(context, global, "Buffer", buffer);
  JS_FreeValue(context, parent);
}
