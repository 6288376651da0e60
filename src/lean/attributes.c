/* `host` of the lean engine: src/kernel/attributes.ts, where its words are. Pure. */
#include "host.h"

/* host.locateAttributes(data, skip, only) */
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

static const JSCFunctionListEntry offered[] = {
  JS_CFUNC_DEF("locateAttributes", 2, locate_attributes),
};

void attributes_install(JSContext *context, JSValueConst host) {
  JS_SetPropertyFunctionList(context, host, offered, sizeof offered / sizeof *offered);
}
