/* The exports, and the course of one run.

   A run is a series of steps: `start`, then `resume` until the state is "done" or "failed".  Each
   returns the outbox, JSON text, as pointer (upper 32 bits) and length (lower 32 bits):

     {"calls":[{"id","op","args"},…],"logs":[[level,text],…],"state":…, …}

   "waiting": nothing more happens until the host resumes with replies.  "done": "value" (absent:
   undefined) and "floating".  "failed": "error", or "limit", the name of the limit that ran out.

   Messages from the host lie in `inbox`, or where `input` says when they do not fit:

     start:  now f64, seed u64, lengths u32 of source, table and roots, limits u32 of log, value,
             argument and stack bytes; then the three texts, each followed by NUL
     resume: now f64, then for each reply id u32, kind u32 (0 ok, 1 error), length u32, JSON text

   All numbers are little-endian.  PROTOCOL changes with any of this; the host asks for it once. */

#include "guest.h"

#include <stdlib.h>
#include <string.h>

#define EXPORT(name) __attribute__((export_name(name)))

enum {
    PROTOCOL = 1,
    INBOX_SIZE = 256 * 1024,
    START_HEADER = 44,
    RESUME_HEADER = 8,
    GC_THRESHOLD = 8 << 20,       /* bytes; a collection dirties every page of the image */
    FAILURE_RESERVE = 16 * 1024,  /* so that a failure can be told when memory has run out */
};

typedef enum { NOT_STARTED, SCRIPT, RESULT, FLOATING, ENDED } Phase;

static JSRuntime *runtime;
static JSContext *context;
static char inbox[INBOX_SIZE] __attribute__((aligned(16)));
static char *large_input;
static Phase phase;
static JSValue waited_for = JS_UNDEFINED; /* the promise of the script, then of its result */
static JSValue native = JS_UNDEFINED;
static const char *only_root = "api"; /* the API's global name; NULL when there are several */
static Buffer outbox, value;

/* ---- The outbox ---------------------------------------------------------------------------------- */

static uint64_t post(const char *text, size_t length)
{
    return (uint64_t)(uintptr_t)text << 32 | (uint32_t)length;
}

static uint64_t post_limit(const char *limit)
{
    static char text[100];
    strcpy(text, "{\"calls\":[],\"logs\":[],\"state\":\"failed\",\"limit\":\"");
    strcat(text, limit);
    strcat(text, "\"}");
    phase = ENDED;
    return post(text, strlen(text));
}

static uint64_t post_outbox(void)
{
    size_t dropped = native_logs_dropped();
    if (dropped) {
        buffer_text(&outbox, ",\"dropped\":");
        buffer_number(&outbox, (double)dropped);
    }
    buffer_text(&outbox, "}");
    if (buffer_failed(&outbox))
        return post_limit("memory");
    return post(outbox.data, outbox.length);
}

static void begin_outbox(const char *state, bool with_calls)
{
    buffer_clear(&outbox);
    buffer_text(&outbox, "{\"calls\":[");
    if (with_calls)
        calls_write(&outbox);
    buffer_text(&outbox, "],\"logs\":[");
    native_write_logs(&outbox);
    buffer_text(&outbox, "],\"state\":\"");
    buffer_text(&outbox, state);
    buffer_text(&outbox, "\"");
}

static uint64_t post_failure(JSValueConst thrown, bool floating)
{
    phase = ENDED;
    if (calls_over_limit())
        return post_limit("request_bytes");
    if (engine_is_out_of_memory(context, thrown))
        return post_limit("memory");
    begin_outbox("failed", false);
    buffer_text(&outbox, ",\"error\":");
    failure_write(context, &outbox, thrown, floating);
    return post_outbox();
}

static uint64_t post_exception(void)
{
    JSValue thrown = JS_GetException(context);
    uint64_t result = post_failure(thrown, false);
    JS_FreeValue(context, thrown);
    return result;
}

static uint64_t post_stuck(void)
{
    phase = ENDED;
    begin_outbox("failed", false);
    buffer_text(&outbox, ",\"error\":");
    failure_write_text(&outbox, "NeverSettles",
                       "the program awaits a promise that nothing is left to settle");
    return post_outbox();
}

static uint64_t post_value(JSValueConst result)
{
    buffer_clear(&value);
    if (json_write(context, &value, result, "the result") < 0) {
        JSValue thrown = JS_GetException(context);
        engine_rename_error(context, thrown, "ResultError");
        uint64_t failure = post_failure(thrown, false);
        JS_FreeValue(context, thrown);
        return failure;
    }
    if (buffer_failed(&value))
        return post_limit(value.over_limit ? "result_bytes" : "memory");
    phase = ENDED;
    begin_outbox("done", false);
    if (value.length) {
        buffer_text(&outbox, ",\"value\":");
        buffer_bytes(&outbox, value.data, value.length);
    }
    buffer_text(&outbox, ",\"floating\":[");
    calls_write_floating(&outbox);
    buffer_text(&outbox, "]");
    return post_outbox();
}

static uint64_t post_waiting(void)
{
    begin_outbox("waiting", true);
    return post_outbox();
}

/* ---- Steps --------------------------------------------------------------------------------------- */

static int run_jobs(void)
{
    JSContext *ctx;
    int ran;
    while ((ran = JS_ExecutePendingJob(runtime, &ctx)) > 0) {
    }
    return ran;
}

/* A program that is a function with a parameter, as in `async (api) => …`, is given the API, if
   there is one API only. */
static JSValue call_program(JSValue function)
{
    int64_t wanted = 0;
    JSValue global = JS_GetGlobalObject(context), api = JS_UNDEFINED;
    if (JS_GetLength(context, function, &wanted) == 0 && wanted > 0 && only_root)
        api = JS_GetPropertyStr(context, global, only_root);
    JSValue result = JS_IsException(api) ? JS_EXCEPTION
                                         : JS_Call(context, function, JS_UNDEFINED, wanted > 0,
                                                   (JSValueConst *)&api);
    JS_FreeValue(context, api);
    JS_FreeValue(context, global);
    JS_FreeValue(context, function);
    return result;
}

/* The script has given its completion value.  A function is the program: call it. */
static int take_completion(void)
{
    JSValue box = JS_PromiseResult(context, waited_for); /* {value} */
    JSValue result = JS_GetPropertyStr(context, box, "value");
    JS_FreeValue(context, box);
    if (JS_IsFunction(context, result))
        result = call_program(result);
    if (JS_IsException(result))
        return -1;
    JS_FreeValue(context, waited_for);
    waited_for = engine_resolved(context, result);
    JS_FreeValue(context, result);
    if (JS_IsException(waited_for))
        return -1;
    JS_PromiseMarkAsHandled(context, waited_for);
    rejections_forget(context, waited_for);
    phase = RESULT;
    return run_jobs();
}

static uint64_t post_end(void)
{
    if (calls_pending(false))
        return post_waiting();
    JSValueConst reason = rejections_first();
    if (!JS_IsUninitialized(reason))
        return post_failure(reason, true);
    JSValue result = JS_PromiseResult(context, waited_for);
    uint64_t posted = post_value(result);
    JS_FreeValue(context, result);
    return posted;
}

static uint64_t advance(void)
{
    if (run_jobs() < 0)
        return post_exception();
    for (;;) {
        if (phase == FLOATING)
            return post_end();
        JSPromiseStateEnum state = JS_PromiseState(context, waited_for);
        if (state == JS_PROMISE_PENDING)
            return calls_pending(true) ? post_waiting() : post_stuck();
        if (state == JS_PROMISE_REJECTED) {
            JSValue reason = JS_PromiseResult(context, waited_for);
            uint64_t posted = post_failure(reason, false);
            JS_FreeValue(context, reason);
            return posted;
        }
        if (phase == SCRIPT) {
            if (take_completion() < 0)
                return post_exception();
        } else {
            calls_float(context);
            phase = FLOATING;
        }
    }
}

static uint32_t u32_at(const char *p)
{
    uint32_t number;
    memcpy(&number, p, sizeof number);
    return number;
}

static double f64_at(const char *p)
{
    double number;
    memcpy(&number, p, sizeof number);
    return number;
}

static uint64_t begin(char *message, size_t length)
{
    uint64_t seed;
    char *source = message + START_HEADER;
    size_t source_length = u32_at(message + 16), table_length = u32_at(message + 20);
    size_t roots_length = u32_at(message + 24);
    const char *table = source + source_length + 1, *roots = table + table_length + 1;
    if (roots + roots_length + 1 > message + length)
        __builtin_trap(); /* a fault of the host */
    memcpy(&seed, message + 8, sizeof seed);
    clock_set(f64_at(message));
    engine_seed(context, seed);
    table_set(table, table_length);
    native_log_limit(u32_at(message + 28));
    value.limit = u32_at(message + 32);
    calls_limit(u32_at(message + 36));
    JS_SetMaxStackSize(runtime, u32_at(message + 40));
    phase = SCRIPT;
    if (roots_length) {
        only_root = memchr(roots, '\n', roots_length) ? NULL : roots;
        if (native_start(context, roots, roots_length) < 0)
            return post_exception();
    }
    waited_for = engine_run(context, source, source_length);
    if (JS_IsException(waited_for))
        return post_exception();
    JS_PromiseMarkAsHandled(context, waited_for);
    rejections_forget(context, waited_for);
    return advance();
}

/* ---- Modules: there are none ---------------------------------------------------------------------- */

static JSModuleDef *refuse_module(JSContext *ctx, const char *name, void *opaque)
{
    (void)opaque;
    JS_ThrowTypeError(ctx, "cannot import \"%.80s\": there are no modules here; "
                           "the API's operations are globals", name);
    return NULL;
}

static char *keep_name(JSContext *ctx, const char *base, const char *name, void *opaque)
{
    (void)base, (void)opaque;
    return js_strdup(ctx, name);
}

/* ---- Exports ------------------------------------------------------------------------------------- */

EXPORT("protocol") int guest_protocol(void)
{
    return PROTOCOL;
}

/* Say where the host may write a message of `length` bytes and a final NUL. */
EXPORT("input") char *guest_input(uint32_t length)
{
    if (length < INBOX_SIZE)
        return inbox;
    if (phase != NOT_STARTED) /* what `start` was given holds the table, and stays */
        free(large_input);
    large_input = malloc((size_t)length + 1);
    return large_input;
}

EXPORT("start") uint64_t guest_start(char *message, uint32_t length)
{
    if (phase != NOT_STARTED || length < START_HEADER)
        __builtin_trap();
    if (message == large_input)
        large_input = NULL;
    JS_UpdateStackTop(runtime);
    return begin(message, length);
}

EXPORT("resume") uint64_t guest_resume(const char *message, uint32_t length)
{
    if (phase == NOT_STARTED || phase == ENDED || length < RESUME_HEADER)
        __builtin_trap();
    JS_UpdateStackTop(runtime);
    clock_set(f64_at(message));
    if (calls_reply(context, message + RESUME_HEADER, length - RESUME_HEADER) < 0)
        return post_exception();
    return advance();
}

/* ---- Only while the image is made ------------------------------------------------------------------- */

/* Make the engine.  0: done. */
EXPORT("boot") int guest_boot(void)
{
    runtime = engine_runtime();
    if (!runtime)
        return -1;
    JS_SetMaxStackSize(runtime, 128 * 1024);
    JS_SetGCThreshold(runtime, GC_THRESHOLD);
    JS_SetHostPromiseRejectionTracker(runtime, rejections_note, NULL);
    JS_SetModuleLoaderFunc(runtime, keep_name, refuse_module, NULL);
    context = JS_NewContext(runtime);
    if (!context)
        return -1;
    engine_init(context);
    native = native_object(context);
    outbox.data = malloc(FAILURE_RESERVE);
    outbox.capacity = outbox.data ? FAILURE_RESERVE : 0;
    return outbox.data ? 0 : -1;
}

/* Evaluate one file of the bootstrap: a function expression, called with `native`.  Its name and
   then its text lie in the inbox, each followed by NUL.  0: done; else the message is in `inbox`. */
EXPORT("bootstrap") int guest_bootstrap(const char *message, uint32_t length)
{
    size_t name = strlen(message) + 1;
    JSValue function = JS_Eval(context, message + name, length - name - 1, message,
                               JS_EVAL_TYPE_GLOBAL);
    JSValue done = JS_IsException(function)
                       ? JS_EXCEPTION
                       : JS_Call(context, function, JS_UNDEFINED, 1, (JSValueConst *)&native);
    JS_FreeValue(context, function);
    JS_FreeValue(context, done);
    if (!JS_IsException(done))
        return run_jobs();
    JSValue thrown = JS_GetException(context);
    const char *text = JS_ToCString(context, thrown);
    strncpy(inbox, text ? text : "?", 1000);
    JS_FreeCString(context, text);
    JS_FreeValue(context, thrown);
    return -1;
}

/* Nothing more is defined: let go of what only the bootstrap needed. */
EXPORT("seal") void guest_seal(void)
{
    JS_FreeValue(context, native);
    native = JS_UNDEFINED;
    engine_forget_sources(context);
    JS_RunGC(runtime);
    JS_SetGCThreshold(runtime, GC_THRESHOLD);
    memset(inbox, 0, sizeof inbox);
}
