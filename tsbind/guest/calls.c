/* Calls asked for by the program, and the promises that their replies settle.

   The guest never calls the host: asking notes the call, and the host finds it in the outbox when
   control returns to it.  A call's arguments are written down at once, so that what the program
   does to them later changes nothing. */

#include "guest.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
    JSValue promise;    /* JS_UNDEFINED once answered */
    JSValue settle[2];  /* resolve, reject */
    JSValue site;       /* where in the program the call was asked for, as a stack text */
    char *op;
    bool timer, floating;
} Call;

static Call *calls; /* calls[id - 1] */
static uint32_t count, room;
static Buffer asked; /* requests that the host does not know yet: "{…},{…}," */
static size_t asked_limit;
static bool over_limit;
static JSValue error_maker = JS_UNDEFINED;

enum { REPLY_OK = 0, REPLY_HEADER = 12 };

void calls_limit(size_t bytes)
{
    asked_limit = bytes;
}

bool calls_over_limit(void)
{
    return over_limit;
}

void calls_error_maker(JSContext *ctx, JSValueConst maker)
{
    JS_FreeValue(ctx, error_maker);
    error_maker = JS_DupValue(ctx, maker);
}

/* ---- Asking -------------------------------------------------------------------------------------- */

static bool grow(JSContext *ctx)
{
    if (count < room)
        return true;
    uint32_t wanted = room ? room * 2 : 16;
    Call *more = realloc(calls, wanted * sizeof *calls);
    if (!more) {
        JS_ThrowOutOfMemory(ctx);
        return false;
    }
    calls = more;
    room = wanted;
    return true;
}

/* Throw when `b` has more than there is room for. */
static bool asked_too_much(JSContext *ctx, const Buffer *b)
{
    if (!buffer_failed(b))
        return false;
    over_limit = over_limit || !b->out_of_memory;
    if (b->out_of_memory)
        JS_ThrowOutOfMemory(ctx);
    else
        JS_ThrowRangeError(ctx, "the arguments of the program's calls are too long");
    return true;
}

static bool note(JSContext *ctx, uint32_t id, const char *op, const Buffer *args)
{
    size_t start = asked.length;
    asked.limit = asked_limit;
    buffer_text(&asked, "{\"id\":");
    buffer_number(&asked, id);
    buffer_text(&asked, ",\"op\":");
    buffer_json_string(&asked, op, strlen(op));
    buffer_text(&asked, ",\"args\":");
    if (args->length)
        buffer_bytes(&asked, args->data, args->length);
    else
        buffer_text(&asked, "{}");
    buffer_text(&asked, "},");
    if (!asked_too_much(ctx, &asked))
        return true;
    buffer_clear(&asked);
    asked.length = start;
    return false;
}

static void forget(JSContext *ctx, Call *call)
{
    JS_FreeValue(ctx, call->promise);
    JS_FreeValue(ctx, call->settle[0]);
    JS_FreeValue(ctx, call->settle[1]);
    JS_FreeValue(ctx, call->site);
    free(call->op);
    call->promise = call->settle[0] = call->settle[1] = call->site = JS_UNDEFINED;
    call->op = NULL;
}

static JSValue ask(JSContext *ctx, const char *op, const Buffer *args)
{
    if (!grow(ctx))
        return JS_EXCEPTION;
    uint32_t id = ++count;
    calls[id - 1] =
        (Call){JS_UNDEFINED, {JS_UNDEFINED, JS_UNDEFINED}, JS_UNDEFINED, NULL, false, false};
    if (!note(ctx, id, op, args))
        return JS_EXCEPTION;
    JSValue settle[2], promise = JS_NewPromiseCapability(ctx, settle);
    if (JS_IsException(promise))
        return promise;
    JSValue site = engine_call_site(ctx);
    calls[id - 1] = (Call){JS_DupValue(ctx, promise), {settle[0], settle[1]}, site, strdup(op),
                           strcmp(op, "$timer") == 0, false};
    if (!calls[id - 1].op) {
        forget(ctx, &calls[id - 1]);
        JS_FreeValue(ctx, promise);
        return JS_ThrowOutOfMemory(ctx);
    }
    return promise;
}

JSValue calls_ask(JSContext *ctx, const char *op, JSValueConst args)
{
    /* Writing the arguments may run the program's getters, which may ask for calls themselves:
       those come first. */
    Buffer text = {.limit = asked_limit};
    bool written = json_write(ctx, &text, args, "args") == 0 && !asked_too_much(ctx, &text);
    JSValue promise = written ? ask(ctx, op, &text) : JS_EXCEPTION;
    free(text.data);
    return promise;
}

void calls_write(Buffer *out)
{
    if (asked.length)
        buffer_bytes(out, asked.data, asked.length - 1); /* without the last comma */
    buffer_clear(&asked);
}

/* ---- Answering ----------------------------------------------------------------------------------- */

static JSValue make_error(JSContext *ctx, Call *call, uint32_t id, const char *json, size_t length)
{
    JSValue failure = json_read(ctx, json, length);
    if (JS_IsException(failure))
        return failure;
    JSValue args[2] = {JS_NewString(ctx, call->op), failure};
    JSValue error = JS_Call(ctx, error_maker, JS_UNDEFINED, 2, (JSValueConst *)args);
    JS_FreeValue(ctx, args[0]);
    JS_FreeValue(ctx, failure);
    if (!JS_IsException(error))
        engine_mark_error(ctx, error, call->site, id);
    return error;
}

static int settle(JSContext *ctx, uint32_t id, uint32_t kind, const char *data, size_t length)
{
    if (id == 0 || id > count || JS_IsUndefined(calls[id - 1].promise))
        return 0; /* a timer that was cleared, or a call asked for by a getter that then threw */
    Call call = calls[id - 1]; /* moved out: settling may ask for calls, which moves `calls` */
    JSValue value = kind == REPLY_OK ? json_read(ctx, data, length)
                                     : make_error(ctx, &call, id, data, length);
    bool good = kind == REPLY_OK;
    if (JS_IsException(value)) {
        good = false;
        value = JS_GetException(ctx);
    }
    JSValue done = JS_Call(ctx, call.settle[good ? 0 : 1], JS_UNDEFINED, 1, &value);
    JS_FreeValue(ctx, value);
    JS_FreeValue(ctx, done);
    forget(ctx, &calls[id - 1]);
    return JS_IsException(done) ? -1 : 0;
}

static uint32_t read_u32(const char *p)
{
    uint32_t value;
    memcpy(&value, p, sizeof value);
    return value;
}

/* The replies of one `resume`: each id, kind, length (32 bits, little-endian) and its bytes. */
int calls_reply(JSContext *ctx, const char *message, size_t length)
{
    while (length >= REPLY_HEADER) {
        uint32_t id = read_u32(message), kind = read_u32(message + 4), size = read_u32(message + 8);
        message += REPLY_HEADER;
        length -= REPLY_HEADER;
        if (size > length)
            return -1;
        if (settle(ctx, id, kind, message, size) < 0)
            return -1;
        message += size;
        length -= size;
    }
    return length == 0 ? 0 : -1;
}

/* ---- Ending -------------------------------------------------------------------------------------- */

bool calls_pending(bool timers)
{
    for (uint32_t i = 0; i < count; i++)
        if (!JS_IsUndefined(calls[i].promise) && (timers || !calls[i].timer))
            return true;
    return false;
}

void calls_float(JSContext *ctx)
{
    (void)ctx;
    for (uint32_t i = 0; i < count; i++)
        if (!JS_IsUndefined(calls[i].promise) && !calls[i].timer)
            calls[i].floating = true;
}

void calls_write_floating(Buffer *out)
{
    const char *comma = "";
    for (uint32_t i = 0; i < count; i++) {
        if (!calls[i].floating)
            continue;
        buffer_text(out, comma);
        buffer_number(out, i + 1);
        comma = ",";
    }
}
