/* How a program failed, in words that the host can pass on: bounded, and never trusted. */

#include "guest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_NAME = 100, MAX_MESSAGE = 4096, MAX_THROWN = 1024, MAX_FRAMES = 16 };

static size_t cut(const char *text, size_t length, size_t room)
{
    if (length <= room)
        return length;
    while (room > 0 && ((unsigned char)text[room] & 0xC0) == 0x80)
        room--; /* not inside a character */
    return room;
}

static void forget_exception(JSContext *ctx)
{
    JS_FreeValue(ctx, JS_GetException(ctx));
}

/* Write the string property `key` of `error`, or `otherwise`.  A getter may run: it is the
   program's own, and the clock of its limits is still running. */
static void write_property(JSContext *ctx, Buffer *out, JSValueConst error, const char *key,
                           const char *otherwise, size_t room)
{
    JSValue value = JS_GetPropertyStr(ctx, error, key);
    size_t length;
    const char *text = JS_IsString(value) ? JS_ToCStringLen(ctx, &length, value) : NULL;
    if (text)
        buffer_json_string(out, text, cut(text, length, room));
    else
        buffer_json_string(out, otherwise, strlen(otherwise));
    if (JS_IsException(value) || JS_HasException(ctx))
        forget_exception(ctx);
    JS_FreeCString(ctx, text);
    JS_FreeValue(ctx, value);
}

/* Write an error's name and message as one string. */
static void write_error_text(JSContext *ctx, Buffer *out, JSValueConst error)
{
    static const char *const keys[] = {"name", "message"};
    Buffer text = {.limit = MAX_NAME + MAX_THROWN + 2};
    for (int i = 0; i < 2; i++) {
        JSValue value = JS_GetPropertyStr(ctx, error, keys[i]);
        size_t length, room = i ? MAX_THROWN : MAX_NAME;
        const char *string = JS_IsString(value) ? JS_ToCStringLen(ctx, &length, value) : NULL;
        if (string && length) {
            buffer_text(&text, text.length ? ": " : "");
            buffer_bytes(&text, string, cut(string, length, room));
        }
        if (JS_IsException(value) || JS_HasException(ctx))
            forget_exception(ctx);
        JS_FreeCString(ctx, string);
        JS_FreeValue(ctx, value);
    }
    buffer_json_string(out, text.data ? text.data : "", text.length);
    free(text.data);
}

static void write_cause(JSContext *ctx, Buffer *out, JSValueConst error)
{
    JSValue cause = JS_GetPropertyStr(ctx, error, "cause");
    if (JS_IsException(cause))
        forget_exception(ctx);
    if (JS_IsObject(cause) && engine_object_kind(cause) == ERROR_OBJECT) {
        buffer_text(out, ",\"cause\":");
        write_error_text(ctx, out, cause);
    }
    JS_FreeValue(ctx, cause);
}

/* ---- What was thrown is no Error ------------------------------------------------------------------ */

static void write_thrown(JSContext *ctx, Buffer *out, JSValueConst thrown)
{
    Buffer text = {.limit = MAX_THROWN};
    buffer_text(&text, "the program threw ");
    if (JS_IsString(thrown)) {
        size_t length;
        const char *string = JS_ToCStringLen(ctx, &length, thrown);
        buffer_text(&text, "\"");
        if (string)
            buffer_bytes(&text, string, cut(string, length, MAX_THROWN - 1 - text.length));
        buffer_text(&text, "\"");
        JS_FreeCString(ctx, string);
    } else if (JS_IsUndefined(thrown)) {
        buffer_text(&text, "undefined");
    } else if (json_write(ctx, &text, thrown, "it") < 0 || buffer_failed(&text)) {
        forget_exception(ctx);
        buffer_clear(&text);
        buffer_text(&text, "something that is not an Error");
    }
    if (!buffer_failed(&text))
        buffer_json_string(out, text.data, text.length);
    else
        buffer_text(out, "\"\"");
    free(text.data);
}

/* ---- Stacks ---------------------------------------------------------------------------------------- */

/* "    at f (program.ts:2:7)" or "    at program.ts:2:7": the position, if it is in the program. */
static bool read_frame(const char *line, size_t length, const char **name, size_t *name_length,
                       unsigned *row, unsigned *column)
{
    static const char at[] = "    at ", file[] = PROGRAM_FILE ":";
    char text[200];
    if (length >= sizeof text || length < sizeof at || memcmp(line, at, sizeof at - 1) != 0)
        return false;
    memcpy(text, line, length);
    text[length] = 0;
    char *place = strstr(text, file);
    if (!place || sscanf(place + sizeof file - 1, "%9u:%9u", row, column) != 2)
        return false;
    *name = line + sizeof at - 1;
    *name_length = place >= text + sizeof at + 1 && place[-1] == '('
                       ? (size_t)(place - text) - (sizeof at - 1) - 2
                       : 0;
    return true;
}

static void write_frames(Buffer *out, const char *stack)
{
    int count = 0;
    while (*stack && count < MAX_FRAMES) {
        size_t length = strcspn(stack, "\n"), name_length;
        const char *name;
        unsigned row, column;
        if (read_frame(stack, length, &name, &name_length, &row, &column)) {
            buffer_text(out, count++ ? ",{\"function\":" : "{\"function\":");
            buffer_json_string(out, name, cut(name, name_length, MAX_NAME));
            buffer_text(out, ",\"line\":");
            buffer_number(out, row);
            buffer_text(out, ",\"column\":");
            buffer_number(out, column);
            buffer_text(out, "}");
        }
        stack += length + (stack[length] == '\n');
    }
}

static void write_stack(JSContext *ctx, Buffer *out, JSValueConst error)
{
    JSValue stack = engine_error_stack(ctx, error);
    const char *text = JS_IsString(stack) ? JS_ToCString(ctx, stack) : NULL;
    if (text)
        write_frames(out, text);
    JS_FreeCString(ctx, text);
    JS_FreeValue(ctx, stack);
}

/* ---- All of it ------------------------------------------------------------------------------------- */

void failure_write_text(Buffer *out, const char *name, const char *message)
{
    buffer_text(out, "{\"name\":");
    buffer_json_string(out, name, strlen(name));
    buffer_text(out, ",\"message\":");
    buffer_json_string(out, message, strlen(message));
    buffer_text(out, "}");
}

void failure_write(JSContext *ctx, Buffer *out, JSValueConst thrown, bool floating)
{
    bool is_error = JS_IsObject(thrown) && engine_object_kind(thrown) == ERROR_OBJECT;
    buffer_text(out, "{\"name\":");
    if (is_error) {
        write_property(ctx, out, thrown, "name", "Error", MAX_NAME);
        buffer_text(out, ",\"message\":");
        write_property(ctx, out, thrown, "message", "", MAX_MESSAGE);
        write_cause(ctx, out, thrown);
    } else {
        buffer_text(out, "\"Thrown\",\"message\":");
        write_thrown(ctx, out, thrown);
    }
    buffer_text(out, ",\"stack\":[");
    write_stack(ctx, out, thrown);
    buffer_text(out, "],\"call\":");
    buffer_number(out, engine_error_call(ctx, thrown));
    buffer_text(out, floating ? ",\"floating\":true}" : "}");
}
