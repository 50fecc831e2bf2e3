/* The parts of the guest, as they see one another. */
#ifndef TSBIND_GUEST_H
#define TSBIND_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "quickjs.h"

#define PROGRAM_FILE "program.ts" /* what positions in stacks refer to */

/* ---- buffer.c: bytes that grow -------------------------------------------------------------- */

typedef struct {
    char *data;
    size_t length, capacity;
    size_t limit;    /* bytes; 0 means unlimited */
    bool out_of_memory, over_limit;
} Buffer;

void buffer_clear(Buffer *b);
void buffer_bytes(Buffer *b, const char *data, size_t length);
void buffer_text(Buffer *b, const char *text); /* a C string, as it is */
void buffer_number(Buffer *b, double number);  /* an integral number, as decimal digits */
void buffer_json_string(Buffer *b, const char *utf8, size_t length);
bool buffer_failed(const Buffer *b);

/* ---- rejections.c: promises that were rejected while nobody listened -------------------------- */

void rejections_note(JSContext *ctx, JSValueConst promise, JSValueConst reason, bool handled,
                     void *opaque); /* a JSHostPromiseRejectionTracker */
void rejections_forget(JSContext *ctx, JSValueConst promise);
JSValueConst rejections_first(void); /* why, or JS_UNINITIALIZED when there is none */

/* ---- memory.c: malloc and its like ------------------------------------------------------------ */

bool memory_ran_out(void);

/* ---- wasi.c: what the C library asks of an operating system ---------------------------------- */

void clock_set(double milliseconds);   /* since the epoch: what every clock says until set again */

/* ---- engine.c: what QuickJS does not export -------------------------------------------------- */

typedef enum { OTHER_OBJECT, PLAIN_OBJECT, ERROR_OBJECT, BOXED_PRIMITIVE, RAW_JSON } ObjectKind;

JSRuntime *engine_runtime(void);
void engine_init(JSContext *ctx);
void engine_forget_sources(JSContext *ctx);
void engine_seed(JSContext *ctx, uint64_t seed);
uint32_t engine_random(void);
JSValue engine_run(JSContext *ctx, char *source, size_t length); /* writes source[-1], too */
JSValue engine_call_site(JSContext *ctx); /* of the program, as a stack text, or undefined */
void engine_mark_error(JSContext *ctx, JSValueConst error, JSValueConst site, uint32_t id);
uint32_t engine_error_call(JSContext *ctx, JSValueConst error);
JSValue engine_error_stack(JSContext *ctx, JSValueConst error); /* string, or undefined */
bool engine_is_out_of_memory(JSContext *ctx, JSValueConst error);
void engine_rename_error(JSContext *ctx, JSValueConst error, const char *name);
bool engine_promise_is_handled(JSValueConst promise);
ObjectKind engine_object_kind(JSValueConst object);
JSValue engine_unbox(JSContext *ctx, JSValueConst boxed);
JSValue engine_bigint(JSContext *ctx, const char *digits, size_t length);
JSValue engine_resolved(JSContext *ctx, JSValueConst value); /* Promise.resolve as it was born */

/* ---- json.c, json_read.c: JavaScript values as JSON, and back ---------------------------------- */

enum { MAX_DEPTH = 500 };

/* Append `value` as JSON.  Returns 0, or -1 with an exception that names the place, seen from
   `root`.  `undefined` at the top appends nothing. */
int json_write(JSContext *ctx, Buffer *out, JSValueConst value, const char *root);
JSValue json_read(JSContext *ctx, const char *text, size_t length);

/* ---- table.c: the operations that exist ------------------------------------------------------- */

enum { NAMESPACE = 1, OPERATION = 2 };

void table_set(const char *text, size_t length); /* kept, not copied */
int table_kind(const char *path, size_t length); /* NAMESPACE | OPERATION, or 0 */
const char *table_text(size_t *length);

/* ---- calls.c: calls asked for, and their promises --------------------------------------------- */

JSValue calls_ask(JSContext *ctx, const char *op, JSValueConst args);
int calls_reply(JSContext *ctx, const char *message, size_t length);
void calls_write(Buffer *out);          /* those not yet told to the host */
bool calls_pending(bool timers);        /* whether any is still to be answered */
void calls_float(JSContext *ctx);       /* the program has returned: note what nobody waits for */
void calls_write_floating(Buffer *out);
bool calls_over_limit(void);
void calls_limit(size_t bytes);
void calls_error_maker(JSContext *ctx, JSValueConst maker);

/* ---- failure.c: how a program failed ----------------------------------------------------------- */

void failure_write(JSContext *ctx, Buffer *out, JSValueConst thrown, bool floating);
void failure_write_text(Buffer *out, const char *name, const char *message);

/* ---- native.c: what the bootstrap is given ----------------------------------------------------- */

JSValue native_object(JSContext *ctx);
int native_start(JSContext *ctx, const char *roots, size_t length);
void native_log_limit(size_t bytes);
void native_write_logs(Buffer *out);
size_t native_logs_dropped(void);

#endif
