/* JSON text (RFC 8259) as JavaScript values.

   Own, because JSON.parse rounds integers beyond 2^53, which are identifiers more often than
   numbers: here they become BigInts, and {"$bytes": base64} a Uint8Array.  The text comes from the host, which has checked that it is
   JSON; what it says comes from an API. */

#include "guest.h"

#include "dtoa.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    JSContext *ctx;
    const char *at, *end;
    int depth;
} Reader;

static JSValue read_value(Reader *r);

static JSValue fail(Reader *r, const char *what)
{
    return JS_ThrowSyntaxError(r->ctx, "the reply is not JSON: %s", what);
}

static void skip_space(Reader *r)
{
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\n' || *r->at == '\r' || *r->at == '\t'))
        r->at++;
}

static bool take(Reader *r, char c)
{
    skip_space(r);
    if (r->at == r->end || *r->at != c)
        return false;
    r->at++;
    return true;
}

static JSValue read_word(Reader *r, const char *word, JSValue value)
{
    size_t length = strlen(word);
    if ((size_t)(r->end - r->at) < length || memcmp(r->at, word, length) != 0)
        return fail(r, "unknown word");
    r->at += length;
    return value;
}

/* ---- Numbers ------------------------------------------------------------------------------------ */

static const char *skip_digits(const char *p, const char *end)
{
    while (p < end && *p >= '0' && *p <= '9')
        p++;
    return p;
}

static double to_double(const char *text)
{
    JSATODTempMem work;
    return js_atod(text, NULL, 10, 0, &work); /* stops at what is no number */
}

static JSValue read_integer(Reader *r, const char *start)
{
    bool negative = *start == '-';
    size_t digits = (size_t)(r->at - start) - negative;
    if (digits <= 15) {
        int64_t value = 0;
        for (const char *p = start + negative; p < r->at; p++)
            value = value * 10 + (*p - '0');
        return negative && value == 0 ? JS_NewFloat64(r->ctx, -0.0)
                                      : JS_NewInt64(r->ctx, negative ? -value : value);
    }
    double nearest = to_double(start);
    if (fabs(nearest) <= 9007199254740991.0)
        return JS_NewFloat64(r->ctx, nearest);
    return engine_bigint(r->ctx, start, (size_t)(r->at - start));
}

static JSValue read_number(Reader *r)
{
    const char *start = r->at, *p = start + (*start == '-');
    const char *whole = skip_digits(p, r->end);
    if (whole == p || (*p == '0' && whole - p > 1))
        return fail(r, "bad number");
    r->at = whole;
    bool integral = true;
    if (r->at < r->end && *r->at == '.') {
        integral = false;
        const char *fraction = skip_digits(r->at + 1, r->end);
        if (fraction == r->at + 1)
            return fail(r, "bad number");
        r->at = fraction;
    }
    if (r->at < r->end && (*r->at == 'e' || *r->at == 'E')) {
        integral = false;
        const char *sign = r->at + 1;
        sign += sign < r->end && (*sign == '+' || *sign == '-');
        r->at = skip_digits(sign, r->end);
        if (r->at == sign)
            return fail(r, "bad number");
    }
    return integral ? read_integer(r, start) : JS_NewFloat64(r->ctx, to_double(start));
}

/* ---- Strings ------------------------------------------------------------------------------------ */

static int read_hex(Reader *r)
{
    int value = 0;
    for (int i = 0; i < 4; i++) {
        if (r->at == r->end || !isxdigit((unsigned char)*r->at))
            return -1;
        char c = *r->at++;
        value = value * 16 + (c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
    }
    return value;
}

static void put_utf8(Buffer *b, unsigned code)
{
    char text[4];
    size_t length = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = length; i-- > 1; code >>= 6)
        text[i] = (char)(0x80 | (code & 63));
    text[0] = (char)(lead[length] | code);
    buffer_bytes(b, text, length);
}

static bool read_escape(Reader *r, Buffer *b)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    if (r->at == r->end)
        return false;
    char c = *r->at++;
    if (c != 'u') {
        const char *found = c ? strchr(from, c) : NULL;
        if (found)
            buffer_bytes(b, &to[found - from], 1);
        return found != NULL;
    }
    int code = read_hex(r);
    if (code >= 0xD800 && code < 0xDC00 && r->end - r->at >= 6 && r->at[0] == '\\'
        && r->at[1] == 'u') {
        const char *before = r->at;
        r->at += 2;
        int low = read_hex(r);
        if (low >= 0xDC00 && low < 0xE000)
            code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
        else
            r->at = before;
    }
    if (code >= 0xD800 && code < 0xE000)
        code = 0xFFFD; /* a lone surrogate has no UTF-8 */
    if (code >= 0)
        put_utf8(b, (unsigned)code);
    return code >= 0;
}

static const char *plain_end(const Reader *r)
{
    const char *p = r->at;
    while (p < r->end && *p != '"' && *p != '\\' && (unsigned char)*p >= 0x20)
        p++;
    return p;
}

/* Read a string; `text` points into the input, or into `copy` when there were escapes. */
static bool read_text(Reader *r, Buffer *copy, const char **text, size_t *length)
{
    r->at++;
    const char *end = plain_end(r);
    if (end < r->end && *end == '"') { /* without escapes it is used where it lies */
        *text = r->at;
        *length = (size_t)(end - r->at);
        r->at = end + 1;
        return true;
    }
    for (;;) {
        end = plain_end(r);
        buffer_bytes(copy, r->at, (size_t)(end - r->at));
        r->at = end;
        if (end == r->end || (unsigned char)*end < 0x20)
            return false;
        r->at++;
        if (*end == '"')
            break;
        if (!read_escape(r, copy))
            return false;
    }
    *text = copy->data ? copy->data : "";
    *length = copy->length;
    return !buffer_failed(copy);
}

static JSValue read_string(Reader *r)
{
    Buffer copy = {0};
    const char *text;
    size_t length;
    JSValue value = read_text(r, &copy, &text, &length) ? JS_NewStringLen(r->ctx, text, length)
                                                        : fail(r, "bad string");
    free(copy.data);
    return value;
}

static JSAtom read_key(Reader *r)
{
    Buffer copy = {0};
    const char *text;
    size_t length;
    JSAtom key = JS_ATOM_NULL;
    skip_space(r);
    if (r->at < r->end && *r->at == '"' && read_text(r, &copy, &text, &length))
        key = JS_NewAtomLen(r->ctx, text, length);
    else
        fail(r, "bad key");
    free(copy.data);
    return key;
}

/* ---- Containers --------------------------------------------------------------------------------- */

static JSValue read_array(Reader *r)
{
    JSValue array = JS_NewArray(r->ctx);
    r->at++;
    if (JS_IsException(array) || take(r, ']'))
        return array;
    for (uint32_t i = 0;; i++) {
        JSValue item = read_value(r);
        if (JS_IsException(item)
            || JS_DefinePropertyValueUint32(r->ctx, array, i, item, JS_PROP_C_W_E) < 0)
            break;
        if (take(r, ']'))
            return array;
        if (!take(r, ',')) {
            fail(r, "expected , or ]");
            break;
        }
    }
    JS_FreeValue(r->ctx, array);
    return JS_EXCEPTION;
}

static bool read_member(Reader *r, JSValueConst object)
{
    JSAtom key = read_key(r);
    if (key == JS_ATOM_NULL)
        return false;
    bool good = take(r, ':');
    if (!good)
        fail(r, "expected :");
    JSValue value = good ? read_value(r) : JS_EXCEPTION;
    good = !JS_IsException(value)
           && JS_DefinePropertyValue(r->ctx, object, key, value, JS_PROP_C_W_E) >= 0;
    JS_FreeAtom(r->ctx, key);
    return good;
}

static JSValue read_object(Reader *r)
{
    JSValue object = JS_NewObject(r->ctx);
    r->at++;
    if (JS_IsException(object) || take(r, '}'))
        return object;
    while (read_member(r, object)) {
        if (take(r, '}'))
            return object;
        if (!take(r, ',')) {
            fail(r, "expected , or }");
            break;
        }
    }
    JS_FreeValue(r->ctx, object);
    return JS_EXCEPTION;
}

/* ---- Binary content ------------------------------------------------------------------------------- */

static int base64_digit(char c)
{
    return c >= 'A' && c <= 'Z'   ? c - 'A'
           : c >= 'a' && c <= 'z' ? c - 'a' + 26
           : c >= '0' && c <= '9' ? c - '0' + 52
           : c == '+'             ? 62
           : c == '/'             ? 63
                                  : -1;
}

/* Decode padded base64 (RFC 4648 §4) into `bytes`, which has room; returns its length, or -1. */
static ptrdiff_t decode_base64(const char *text, size_t length, uint8_t *bytes)
{
    size_t used = 0, padding = length && text[length - 1] == '=' ? 1 + (text[length - 2] == '=') : 0;
    if (length % 4 != 0)
        return -1;
    uint32_t group = 0;
    for (size_t i = 0; i < length; i++) {
        int digit = i < length - padding ? base64_digit(text[i]) : 0;
        if (digit < 0)
            return -1;
        group = group << 6 | (uint32_t)digit;
        if (i % 4 == 3) {
            bytes[used++] = (uint8_t)(group >> 16);
            bytes[used++] = (uint8_t)(group >> 8);
            bytes[used++] = (uint8_t)group;
        }
    }
    return (ptrdiff_t)(used - padding);
}

/* {"$bytes": base64} and nothing else is a Uint8Array.  False: it is something else. */
static bool read_bytes(Reader *r, JSValue *result)
{
    static const char mark[] = "{\"$bytes\":\"";
    size_t room = sizeof mark - 1;
    if ((size_t)(r->end - r->at) < room || memcmp(r->at, mark, room) != 0)
        return false;
    const char *text = r->at + room, *end = memchr(text, '"', (size_t)(r->end - text));
    if (!end || end + 1 == r->end || end[1] != '}')
        return false;
    size_t length = (size_t)(end - text);
    uint8_t *bytes = malloc(length + 1);
    ptrdiff_t decoded = bytes ? decode_base64(text, length, bytes) : -1;
    if (decoded >= 0) {
        *result = JS_NewUint8ArrayCopy(r->ctx, bytes, (size_t)decoded);
        r->at = end + 2;
    }
    free(bytes);
    return decoded >= 0;
}

static JSValue read_nested(Reader *r, JSValue (*read)(Reader *))
{
    if (r->depth == MAX_DEPTH)
        return fail(r, "nested deeper than 500 levels");
    r->depth++;
    JSValue value = read(r);
    r->depth--;
    return value;
}

static JSValue read_value(Reader *r)
{
    skip_space(r);
    if (r->at == r->end)
        return fail(r, "it ends early");
    JSValue bytes;
    switch (*r->at) {
    case '{': return read_bytes(r, &bytes) ? bytes : read_nested(r, read_object);
    case '[': return read_nested(r, read_array);
    case '"': return read_string(r);
    case 't': return read_word(r, "true", JS_TRUE);
    case 'f': return read_word(r, "false", JS_FALSE);
    case 'n': return read_word(r, "null", JS_NULL);
    case '-': case '0': case '1': case '2': case '3': case '4':
    case '5': case '6': case '7': case '8': case '9': return read_number(r);
    default: return fail(r, "unexpected character");
    }
}

JSValue json_read(JSContext *ctx, const char *text, size_t length)
{
    Reader r = {ctx, text, text + length, 0};
    JSValue value = read_value(&r);
    skip_space(&r);
    if (!JS_IsException(value) && r.at != r.end) {
        JS_FreeValue(ctx, value);
        return fail(&r, "something follows the value");
    }
    return value;
}
