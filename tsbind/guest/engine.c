/* QuickJS-ng and what it does not export, in one translation unit.

   Reaching into the engine is kept to this file and the two that it includes, so that a new version
   of it needs one look. */

#include "quickjs.c"

#include "guest.h"

#include "engine_parse.c"
#include "engine_stringify.c"

enum { MAX_SITE_FRAMES = 4 };

static uint64_t random_state;
static JSAtom program_file;
static JSValue call_symbol; /* no program can see it */

/* SplitMix64 (Steele, Lea, Flood 2014): spreads small seeds over all 64 bits. */
static uint64_t next_random(void)
{
    uint64_t z = (random_state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

void engine_seed(JSContext *ctx, uint64_t seed)
{
    random_state = seed;
    ctx->random_state = next_random() | 1; /* of Math.random; must not be 0 */
}

uint32_t engine_random(void)
{
    return (uint32_t)(next_random() >> 32);
}

/* The program's own frames, innermost first, as the engine spells them in `error.stack`. */
JSValue engine_call_site(JSContext *ctx)
{
    DynBuf text;
    js_dbuf_init(ctx, &text);
    int count = 0;
    for (JSStackFrame *sf = ctx->rt->current_stack_frame; sf && count < MAX_SITE_FRAMES;
         sf = sf->prev_frame) {
        JSObject *function = JS_VALUE_GET_OBJ(sf->cur_func);
        if (!js_class_has_bytecode(function->class_id) || !sf->cur_pc)
            continue;
        JSFunctionBytecode *code = function->u.func.function_bytecode;
        if (code->filename != program_file)
            continue;
        const char *name = get_func_name(ctx, sf->cur_func);
        int column, line = find_line_num(
            ctx, code, (uint32_t)(sf->cur_pc - code->byte_code_buf - 1), &column);
        dbuf_printf(&text, "    at %.60s (" PROGRAM_FILE ":%d:%d)\n",
                    name && *name ? name : "<anonymous>", line, column);
        JS_FreeCString(ctx, name);
        count++;
    }
    JSValue site = dbuf_error(&text) ? JS_UNDEFINED
                                     : JS_NewStringLen(ctx, (char *)text.buf, text.size);
    dbuf_free(&text);
    if (JS_IsException(site)) {
        JS_FreeValue(ctx, JS_GetException(ctx));
        site = JS_UNDEFINED;
    }
    return site;
}

void engine_init(JSContext *ctx)
{
    program_file = JS_NewAtom(ctx, PROGRAM_FILE);
    call_symbol = JS_NewPrivateSymbol(ctx, "call");
    JSValue json = JS_GetPropertyStr(ctx, ctx->global_obj, "JSON");
    int flags = JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE;
    JSValue parse = JS_NewCFunction(ctx, json_parse, "parse", 2);
    JSValue stringify = JS_NewCFunction(ctx, json_stringify, "stringify", 3);
    JS_DefinePropertyValueStr(ctx, json, "parse", parse, flags);
    JS_DefinePropertyValueStr(ctx, json, "stringify", stringify, flags);
    JS_FreeValue(ctx, json);
}

/* Free the source texts of all functions so far: `toString` then says "[native code]".  Each
   function holds its own, inner ones again, which is a third of the image. */
void engine_forget_sources(JSContext *ctx)
{
    struct list_head *el;
    list_for_each(el, &ctx->rt->gc_obj_list) {
        JSGCObjectHeader *object = list_entry(el, JSGCObjectHeader, link);
        if (JS_GC_TYPE(object) != JS_GC_OBJ_TYPE_FUNCTION_BYTECODE)
            continue;
        JSFunctionBytecode *code = (JSFunctionBytecode *)object;
        if (code->source)
            memset(code->source, 0, code->source_len);
        js_free(ctx, code->source);
        code->source = NULL;
        code->source_len = 0;
    }
}

/* Give the Error of a failed call the place where the call was asked for, and the call's id. */
void engine_mark_error(JSContext *ctx, JSValueConst error, JSValueConst site, uint32_t id)
{
    if (JS_GetClassID(error) != JS_CLASS_ERROR)
        return;
    set_value(ctx, &JS_VALUE_GET_OBJ(error)->u.object_data, js_dup(site));
    JSAtom key = JS_ValueToAtom(ctx, call_symbol);
    JS_DefinePropertyValue(ctx, error, key, JS_NewUint32(ctx, id), 0);
    JS_FreeAtom(ctx, key);
}

/* The id of the call that failed with `error`, or 0. */
uint32_t engine_error_call(JSContext *ctx, JSValueConst error)
{
    uint32_t id = 0;
    if (JS_GetClassID(error) != JS_CLASS_ERROR)
        return 0;
    JSAtom key = JS_ValueToAtom(ctx, call_symbol);
    JSValue value = JS_GetProperty(ctx, error, key);
    if (JS_IsNumber(value))
        JS_ToUint32(ctx, &id, value);
    JS_FreeValue(ctx, value);
    JS_FreeAtom(ctx, key);
    return id;
}

/* What the engine noted when the error was made, whatever the program did to `error.stack`. */
JSValue engine_error_stack(JSContext *ctx, JSValueConst error)
{
    if (JS_GetClassID(error) != JS_CLASS_ERROR)
        return JS_UNDEFINED;
    JSValue stack = JS_VALUE_GET_OBJ(error)->u.object_data;
    return JS_IsString(stack) ? js_dup(stack) : JS_UNDEFINED;
}

/* ---- Memory: malloc, and whether it ever failed ----------------------------------------------- */

static size_t malloc_usable_size_of(const void *memory)
{
    return malloc_usable_size((void *)memory);
}

static void *allocate(void *opaque, size_t size)
{
    (void)opaque;
    return malloc(size);
}

static void *allocate_zeroed(void *opaque, size_t count, size_t size)
{
    (void)opaque;
    return calloc(count, size);
}

static void *reallocate(void *opaque, void *memory, size_t size)
{
    (void)opaque;
    return realloc(memory, size);
}

static void release(void *opaque, void *memory)
{
    (void)opaque;
    free(memory);
}

JSRuntime *engine_runtime(void)
{
    static const JSMallocFunctions functions = {
        .js_calloc = allocate_zeroed,
        .js_malloc = allocate,
        .js_free = release,
        .js_realloc = reallocate,
        .js_malloc_usable_size = malloc_usable_size_of,
    };
    return JS_NewRuntime2(&functions, NULL);
}

/* Whether `error` is what the engine throws when malloc fails.  When not even the message can be
   made it has another, and when not even the Error can be, it throws null.  A program that goes on
   in `finally` when memory has run out may end by recursing too deeply. */
bool engine_is_out_of_memory(JSContext *ctx, JSValueConst error)
{
    if (!memory_ran_out())
        return false;
    if (JS_IsNull(error) || JS_IsUninitialized(error))
        return true;
    if (JS_GetClassID(error) != JS_CLASS_ERROR)
        return false;
    JSValue message = JS_GetPropertyStr(ctx, error, "message");
    const char *text = JS_IsString(message) ? JS_ToCString(ctx, message) : NULL;
    bool found = text && (strcmp(text, "out of memory") == 0 ||
                          strcmp(text, "Invalid error message") == 0 ||
                          strcmp(text, "Maximum call stack size exceeded") == 0);
    JS_FreeCString(ctx, text);
    JS_FreeValue(ctx, message);
    return found;
}

void engine_rename_error(JSContext *ctx, JSValueConst error, const char *name)
{
    if (JS_GetClassID(error) == JS_CLASS_ERROR)
        JS_DefinePropertyValueStr(ctx, error, "name", JS_NewString(ctx, name), JS_PROP_C_W_E);
}

bool engine_promise_is_handled(JSValueConst promise)
{
    JSPromiseData *data = JS_GetOpaque(promise, JS_CLASS_PROMISE);
    return data && data->is_handled;
}

ObjectKind engine_object_kind(JSValueConst object)
{
    switch (JS_GetClassID(object)) {
    case JS_CLASS_OBJECT:
    case JS_CLASS_PROXY:
    case JS_CLASS_ARGUMENTS:
    case JS_CLASS_MAPPED_ARGUMENTS:
    case JS_CLASS_MODULE_NS:
        return PLAIN_OBJECT;
    case JS_CLASS_ERROR:
    case JS_CLASS_DOM_EXCEPTION:
        return ERROR_OBJECT;
    case JS_CLASS_NUMBER:
    case JS_CLASS_STRING:
    case JS_CLASS_BOOLEAN:
    case JS_CLASS_BIG_INT:
        return BOXED_PRIMITIVE;
    case JS_CLASS_RAWJSON:
        return RAW_JSON;
    default:
        return OTHER_OBJECT;
    }
}

JSValue engine_unbox(JSContext *ctx, JSValueConst boxed)
{
    (void)ctx;
    return js_dup(JS_VALUE_GET_OBJ(boxed)->u.object_data);
}

JSValue engine_bigint(JSContext *ctx, const char *digits, size_t length)
{
    char text[512];
    if (length >= sizeof text)
        return JS_ThrowRangeError(ctx, "an integer of %d digits is too long", (int)length);
    memcpy(text, digits, length);
    text[length] = 0;
    JSBigInt *big = js_bigint_from_string(ctx, text, 10);
    return big ? JS_CompactBigInt(ctx, big) : JS_EXCEPTION;
}

/* A promise of `value`: itself when it is one, so that a patched `then` is not even called. */
JSValue engine_resolved(JSContext *ctx, JSValueConst value)
{
    if (JS_IsPromise(value))
        return js_dup(value);
    JSValue settle[2], promise = JS_NewPromiseCapability(ctx, settle);
    if (JS_IsException(promise))
        return promise;
    JSValue done = JS_Call(ctx, settle[0], JS_UNDEFINED, 1, &value);
    JS_FreeValue(ctx, settle[0]);
    JS_FreeValue(ctx, settle[1]);
    if (JS_IsException(done)) {
        JS_FreeValue(ctx, promise);
        return done;
    }
    JS_FreeValue(ctx, done);
    return promise;
}

/* Evaluate the program; the byte before `source` is ours to write.  Returns the promise of
   {value: completion value}.

   As the code of an indirect eval its top-level variables are local: they are fast, and may have
   the names of globals.  QuickJS counts the columns of a text's first line from 0 and those of all
   others from 1, so the program starts on a second line, and that line is number 1. */
JSValue engine_run(JSContext *ctx, char *source, size_t length)
{
    source[-1] = '\n';
    return JS_EvalInternal(ctx, ctx->global_obj, source - 1, length + 1, PROGRAM_FILE, 0,
                           JS_EVAL_TYPE_INDIRECT | JS_EVAL_FLAG_ASYNC | JS_EVAL_FLAG_STRICT, -1);
}
