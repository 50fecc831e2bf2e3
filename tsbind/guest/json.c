/* JavaScript values as JSON text, without calling anything that a program can patch, except what
   JSON itself promises to call: getters, Proxy traps and `toJSON` of the program's own objects.

   Differences from JSON.stringify, each because losing data silently is worse than an error:
   - BigInt is written as an integer, exactly; Uint8Array and ArrayBuffer as {"$bytes": base64};
   - an Error keeps its name and message;
   - NaN, Infinity, functions, symbols, promises, Maps, Sets and cycles are errors that say where. */

#include "guest.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    JSValueConst object;
    JSAtom key;        /* JS_ATOM_NULL: an array, and `index` says where we are in it */
    uint32_t index;
} Level;

typedef struct {
    JSContext *ctx;
    Buffer *out;
    const char *root;
    int depth;
    Level levels[MAX_DEPTH];
} Writer;

static int write_value(Writer *w, JSValueConst value);

/* ---- Errors that say where -------------------------------------------------------------------- */

static void append(char *text, size_t room, const char *more)
{
    size_t used = strlen(text);
    snprintf(text + used, room - used, "%s", more);
}

static void spell_place(Writer *w, char *text, size_t room)
{
    snprintf(text, room, "%s", w->root);
    for (int i = 0; i < w->depth; i++) {
        char part[80];
        if (w->levels[i].key == JS_ATOM_NULL) {
            snprintf(part, sizeof part, "[%u]", (unsigned)w->levels[i].index);
        } else {
            const char *key = JS_AtomToCString(w->ctx, w->levels[i].key);
            snprintf(part, sizeof part, ".%.70s", key ? key : "?");
            JS_FreeCString(w->ctx, key);
        }
        if (strlen(text) + strlen(part) > room - 8) {
            append(text, room, "…");
            return;
        }
        append(text, room, part);
    }
}

__attribute__((noinline)) static int refuse(Writer *w, const char *what)
{
    char place[400];
    spell_place(w, place, sizeof place);
    JS_ThrowTypeError(w->ctx, "%s is %s", place, what);
    return -1;
}

/* ---- Leaves ------------------------------------------------------------------------------------ */

static int write_string(Writer *w, JSValueConst value)
{
    size_t length;
    const char *text = JS_ToCStringLen(w->ctx, &length, value);
    if (!text)
        return -1;
    buffer_json_string(w->out, text, length);
    JS_FreeCString(w->ctx, text);
    return 0;
}

static int write_digits(Writer *w, JSValueConst value)
{
    size_t length;
    const char *text = JS_ToCStringLen(w->ctx, &length, value);
    if (!text)
        return -1;
    buffer_bytes(w->out, text, length);
    JS_FreeCString(w->ctx, text);
    return 0;
}

static int write_number(Writer *w, JSValueConst value)
{
    double number;
    if (JS_ToFloat64(w->ctx, &number, value) < 0)
        return -1;
    if (isnan(number))
        return refuse(w, "NaN, which JSON cannot hold");
    if (isinf(number))
        return refuse(w, "infinite, which JSON cannot hold");
    if (number == 0)
        buffer_text(w->out, "0"); /* of either sign, as JSON.stringify */
    else if (fabs(number) < 1e15 && number == floor(number))
        buffer_number(w->out, number);
    else
        return write_digits(w, value);
    return 0;
}

static int write_bytes(Writer *w, const uint8_t *data, size_t length)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    buffer_text(w->out, "{\"$bytes\":\"");
    for (size_t i = 0; i < length; i += 3) {
        size_t left = length - i;
        uint32_t group = (uint32_t)data[i] << 16 | (left > 1 ? (uint32_t)data[i + 1] << 8 : 0)
                         | (left > 2 ? data[i + 2] : 0);
        char text[4] = {digits[group >> 18], digits[group >> 12 & 63],
                        left > 1 ? digits[group >> 6 & 63] : '=',
                        left > 2 ? digits[group & 63] : '='};
        buffer_bytes(w->out, text, 4);
        if (buffer_failed(w->out))
            break;
    }
    buffer_text(w->out, "\"}");
    return 0;
}

/* ---- Containers --------------------------------------------------------------------------------- */

static int enter(Writer *w, JSValueConst object)
{
    if (w->depth == MAX_DEPTH) {
        w->depth = 0; /* the place would be 500 names long */
        return refuse(w, "nested deeper than 500 levels");
    }
    for (int i = 0; i < w->depth; i++)
        if (JS_VALUE_GET_PTR(w->levels[i].object) == JS_VALUE_GET_PTR(object))
            return refuse(w, "circular");
    w->levels[w->depth++] = (Level){object, JS_ATOM_NULL, 0};
    return 0;
}

static int write_array(Writer *w, JSValueConst array)
{
    int64_t length;
    if (JS_GetLength(w->ctx, array, &length) < 0 || enter(w, array) < 0)
        return -1;
    buffer_bytes(w->out, "[", 1);
    for (int64_t i = 0; i < length && !buffer_failed(w->out); i++) {
        w->levels[w->depth - 1].index = (uint32_t)i;
        JSValue item = JS_GetPropertyInt64(w->ctx, array, i);
        if (JS_IsException(item))
            return -1;
        if (i > 0)
            buffer_bytes(w->out, ",", 1);
        int failed = 0;
        if (JS_IsUndefined(item))
            buffer_text(w->out, "null"); /* as JSON.stringify: an array has no absent items */
        else
            failed = write_value(w, item);
        JS_FreeValue(w->ctx, item);
        if (failed)
            return -1;
    }
    buffer_bytes(w->out, "]", 1);
    w->depth--;
    return 0;
}

static int write_member(Writer *w, JSAtom key, JSValueConst value, bool *first)
{
    if (JS_IsUndefined(value))
        return 0;
    size_t length;
    const char *name = JS_AtomToCStringLen(w->ctx, &length, key);
    if (!name)
        return -1;
    if (!*first)
        buffer_bytes(w->out, ",", 1);
    *first = false;
    buffer_json_string(w->out, name, length);
    buffer_bytes(w->out, ":", 1);
    JS_FreeCString(w->ctx, name);
    w->levels[w->depth - 1].key = key;
    return write_value(w, value);
}

static int write_named(Writer *w, JSValueConst object, const char *name, bool *first)
{
    JSAtom key = JS_NewAtom(w->ctx, name);
    JSValue value = JS_GetProperty(w->ctx, object, key);
    int failed = JS_IsException(value) ? -1 : write_member(w, key, value, first);
    JS_FreeValue(w->ctx, value);
    JS_FreeAtom(w->ctx, key);
    return failed;
}

static int write_members(Writer *w, JSValueConst object, bool *first)
{
    JSPropertyEnum *keys;
    uint32_t count;
    int flags = JS_GPN_STRING_MASK | JS_GPN_ENUM_ONLY, failed = 0;
    if (JS_GetOwnPropertyNames(w->ctx, &keys, &count, object, flags) < 0)
        return -1;
    for (uint32_t i = 0; i < count && !failed && !buffer_failed(w->out); i++) {
        JSValue value = JS_GetProperty(w->ctx, object, keys[i].atom);
        failed = JS_IsException(value) ? -1 : write_member(w, keys[i].atom, value, first);
        JS_FreeValue(w->ctx, value);
    }
    JS_FreePropertyEnum(w->ctx, keys, count);
    return failed;
}

static int write_record(Writer *w, JSValueConst object, bool is_error)
{
    bool first = true;
    if (enter(w, object) < 0)
        return -1;
    buffer_bytes(w->out, "{", 1);
    if (is_error && (write_named(w, object, "name", &first) < 0
                     || write_named(w, object, "message", &first) < 0))
        return -1;
    if (write_members(w, object, &first) < 0)
        return -1;
    buffer_bytes(w->out, "}", 1);
    w->depth--;
    return 0;
}

/* ---- Objects ------------------------------------------------------------------------------------ */

/* 1: `object` has a toJSON and `*result` is what it returned; 0: it has none. */
static int call_to_json(Writer *w, JSValueConst object, JSValue *result)
{
    JSValue method = JS_GetPropertyStr(w->ctx, object, "toJSON");
    if (JS_IsException(method))
        return -1;
    int found = JS_IsFunction(w->ctx, method);
    if (found) {
        JSValue key = JS_NewString(w->ctx, "");
        *result = JS_Call(w->ctx, method, object, 1, &key);
        JS_FreeValue(w->ctx, key);
        if (JS_IsException(*result))
            found = -1;
    }
    JS_FreeValue(w->ctx, method);
    return found;
}

__attribute__((noinline)) static int refuse_object(Writer *w, JSValueConst object)
{
    JSAtom atom = JS_GetClassName(JS_GetRuntime(w->ctx), JS_GetClassID(object));
    const char *name = JS_AtomToCString(w->ctx, atom);
    char what[160];
    const char *hint = "which JSON cannot hold";
    if (name && !strcmp(name, "Promise"))
        hint = "await it";
    else if (name && !strcmp(name, "Map"))
        hint = "use Object.fromEntries(map)";
    else if (name && (!strcmp(name, "Set") || strstr(name, "Iterator")))
        hint = "spread it into an array";
    else if (name && strstr(name, "Array"))
        hint = "use Array.from(it)";
    snprintf(what, sizeof what, "a %.40s: %s", name ? name : "strange object", hint);
    JS_FreeCString(w->ctx, name);
    JS_FreeAtom(w->ctx, atom);
    return refuse(w, what);
}

static int write_other(Writer *w, JSValueConst object)
{
    size_t length;
    uint8_t *bytes = NULL;
    if (JS_GetTypedArrayType(object) == JS_TYPED_ARRAY_UINT8)
        bytes = JS_GetUint8Array(w->ctx, &length, object);
    else if (JS_IsArrayBuffer(object))
        bytes = JS_GetArrayBuffer(w->ctx, &length, object);
    else
        return refuse_object(w, object);
    if (!bytes && JS_HasException(w->ctx))
        return -1;
    return write_bytes(w, bytes, bytes ? length : 0);
}

static int write_boxed(Writer *w, JSValueConst object)
{
    JSValue plain = engine_unbox(w->ctx, object);
    int failed = write_value(w, plain);
    JS_FreeValue(w->ctx, plain);
    return failed;
}

/* What JSON.rawJSON made: frozen, and the text of a primitive, as the engine has checked. */
static int write_raw(Writer *w, JSValueConst object)
{
    JSValue text = JS_GetPropertyStr(w->ctx, object, "rawJSON");
    int failed = write_digits(w, text);
    JS_FreeValue(w->ctx, text);
    return failed;
}

static int write_plain(Writer *w, JSValueConst value)
{
    if (JS_IsString(value))
        return write_string(w, value);
    if (JS_IsNumber(value))
        return write_number(w, value);
    if (JS_IsBigInt(value))
        return write_digits(w, value);
    if (JS_IsSymbol(value))
        return refuse(w, "a symbol");
    if (!JS_IsObject(value)) {
        bool is_true = JS_IsBool(value) && JS_ToBool(w->ctx, value);
        buffer_text(w->out, is_true ? "true" : JS_IsBool(value) ? "false" : "null");
        return 0;
    }
    if (JS_IsFunction(w->ctx, value))
        return refuse(w, "a function");
    if (JS_IsArray(value))
        return write_array(w, value);
    switch (engine_object_kind(value)) {
    case PLAIN_OBJECT: return write_record(w, value, false);
    case ERROR_OBJECT: return write_record(w, value, true);
    case BOXED_PRIMITIVE: return write_boxed(w, value);
    case RAW_JSON: return write_raw(w, value);
    case OTHER_OBJECT: return write_other(w, value);
    }
    return -1;
}

static int write_value(Writer *w, JSValueConst value)
{
    if (buffer_failed(w->out))
        return 0; /* reported by whoever owns the buffer */
    JSValue replaced;
    int found = JS_IsObject(value) ? call_to_json(w, value, &replaced) : 0;
    if (found < 0)
        return -1;
    if (!found)
        return write_plain(w, value);
    int failed = write_plain(w, replaced); /* its own toJSON is not asked again: ECMA-262 §25.5.2.2 */
    JS_FreeValue(w->ctx, replaced);
    return failed;
}

int json_write(JSContext *ctx, Buffer *out, JSValueConst value, const char *root)
{
    /* Not on the stack, which is small, and not shared: toJSON may cause a call, which writes. */
    if (JS_IsUndefined(value))
        return 0;
    if (!JS_IsObject(value)) {
        Writer leaf; /* `levels` stays untouched */
        leaf.ctx = ctx, leaf.out = out, leaf.root = root, leaf.depth = 0;
        return write_value(&leaf, value);
    }
    Writer *w = malloc(sizeof *w);
    if (!w) {
        JS_ThrowOutOfMemory(ctx);
        return -1;
    }
    w->ctx = ctx, w->out = out, w->root = root, w->depth = 0;
    int failed = write_value(w, value);
    free(w);
    return failed;
}
