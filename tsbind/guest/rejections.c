/* Promises that were rejected while nobody listened: the run fails with the first of them. */

#include "guest.h"

#include <stdlib.h>
#include <string.h>

static struct { JSValue promise, reason; } *rejected;
static uint32_t rejected_count, rejected_room;

void rejections_forget(JSContext *ctx, JSValueConst promise)
{
    for (uint32_t i = 0; i < rejected_count; i++) {
        if (JS_VALUE_GET_PTR(rejected[i].promise) != JS_VALUE_GET_PTR(promise))
            continue;
        JS_FreeValue(ctx, rejected[i].promise);
        JS_FreeValue(ctx, rejected[i].reason);
        memmove(&rejected[i], &rejected[i + 1], (--rejected_count - i) * sizeof *rejected);
        return;
    }
}

void rejections_note(JSContext *ctx, JSValueConst promise, JSValueConst reason, bool handled,
                     void *opaque)
{
    (void)opaque;
    enum { ENOUGH = 64 }; /* only the first is told */
    if (handled) {
        rejections_forget(ctx, promise);
        return;
    }
    if (rejected_count == rejected_room) {
        uint32_t room = rejected_room ? rejected_room * 2 : 8;
        void *more = room <= ENOUGH ? realloc(rejected, room * sizeof *rejected) : NULL;
        if (!more)
            return;
        rejected = more;
        rejected_room = room;
    }
    rejected[rejected_count].promise = JS_DupValue(ctx, promise);
    rejected[rejected_count++].reason = JS_DupValue(ctx, reason);
}

JSValueConst rejections_first(void)
{
    return rejected_count ? rejected[0].reason : JS_UNINITIALIZED;
}
