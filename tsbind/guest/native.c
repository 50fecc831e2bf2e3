/* What the bootstrap is given: the object `native` (see __init__.py). */

#include "guest.h"

#include <string.h>

static Buffer lines; /* "[level,text],…" not yet told to the host */
static size_t line_limit, line_bytes, dropped;
static JSValue start_hook = JS_UNDEFINED;

/* ---- Console lines --------------------------------------------------------------------------------- */

void native_log_limit(size_t bytes)
{
    line_limit = bytes;
}

void native_write_logs(Buffer *out)
{
    if (lines.length)
        buffer_bytes(out, lines.data, lines.length - 1); /* without the last comma */
    buffer_clear(&lines);
}

size_t native_logs_dropped(void)
{
    return dropped;
}

static const char *known_level(const char *level)
{
    static const char *const levels[] = {"log", "info", "warn", "error", "debug"};
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
        if (strcmp(level, levels[i]) == 0)
            return levels[i];
    return levels[0];
}

static void add_line(const char *level, const char *text, size_t length)
{
    if (line_bytes + length > line_limit || buffer_failed(&lines)) {
        dropped += length;
        return;
    }
    line_bytes += length;
    buffer_text(&lines, "[\"");
    buffer_text(&lines, known_level(level));
    buffer_text(&lines, "\",");
    buffer_json_string(&lines, text, length);
    buffer_text(&lines, "],");
}

static JSValue native_log(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    (void)this, (void)argc;
    size_t length;
    const char *level = JS_ToCString(ctx, argv[0]);
    const char *text = level ? JS_ToCStringLen(ctx, &length, argv[1]) : NULL;
    if (text)
        add_line(level, text, length);
    JS_FreeCString(ctx, level);
    JS_FreeCString(ctx, text);
    return text ? JS_UNDEFINED : JS_EXCEPTION;
}

/* ---- Calls and the table ----------------------------------------------------------------------------- */

static JSValue native_call(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    (void)this, (void)argc;
    const char *op = JS_ToCString(ctx, argv[0]);
    JSValue promise = op ? calls_ask(ctx, op, argv[1]) : JS_EXCEPTION;
    JS_FreeCString(ctx, op);
    return promise;
}

static JSValue native_kind(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    (void)this, (void)argc;
    size_t length;
    const char *path = JS_ToCStringLen(ctx, &length, argv[0]);
    if (!path)
        return JS_EXCEPTION;
    int kind = table_kind(path, length);
    JS_FreeCString(ctx, path);
    return JS_NewInt32(ctx, kind);
}

static JSValue native_names(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    (void)this, (void)argc, (void)argv;
    size_t length;
    const char *text = table_text(&length);
    return JS_NewStringLen(ctx, text, length);
}

static JSValue native_random(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    (void)this, (void)argc, (void)argv;
    return JS_NewUint32(ctx, engine_random());
}

/* ---- Hooks that the bootstrap sets --------------------------------------------------------------------- */

static JSValue native_on_start(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    (void)this, (void)argc;
    JS_FreeValue(ctx, start_hook);
    start_hook = JS_DupValue(ctx, argv[0]);
    return JS_UNDEFINED;
}

static JSValue native_call_error(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    (void)this, (void)argc;
    calls_error_maker(ctx, argv[0]);
    return JS_UNDEFINED;
}

/* `roots` are the global names of APIs, one per line. */
int native_start(JSContext *ctx, const char *roots, size_t length)
{
    JSValue text = JS_NewStringLen(ctx, roots, length);
    JSValue done = JS_Call(ctx, start_hook, JS_UNDEFINED, 1, (JSValueConst *)&text);
    JS_FreeValue(ctx, text);
    JS_FreeValue(ctx, done);
    return JS_IsException(done) ? -1 : 0;
}

JSValue native_object(JSContext *ctx)
{
    static const JSCFunctionListEntry functions[] = {
        JS_CFUNC_DEF("log", 2, native_log),
        JS_CFUNC_DEF("call", 2, native_call),
        JS_CFUNC_DEF("kind", 1, native_kind),
        JS_CFUNC_DEF("names", 0, native_names),
        JS_CFUNC_DEF("random", 0, native_random),
        JS_CFUNC_DEF("onStart", 1, native_on_start),
        JS_CFUNC_DEF("callError", 1, native_call_error),
    };
    JSValue native = JS_NewObject(ctx);
    JS_SetPropertyFunctionList(ctx, native, functions, sizeof functions / sizeof *functions);
    return native;
}
