/* Bytes that grow.  Running out of memory is remembered, not reported at each call: whoever
   finishes the buffer asks once. */

#include "guest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buffer_clear(Buffer *b)
{
    b->length = 0;
    b->out_of_memory = b->over_limit = false;
}

bool buffer_failed(const Buffer *b)
{
    return b->out_of_memory || b->over_limit;
}

static bool reserve(Buffer *b, size_t more)
{
    if (buffer_failed(b))
        return false;
    if (b->limit && (more > b->limit || b->length > b->limit - more)) {
        b->over_limit = true;
        return false;
    }
    if (more <= b->capacity - b->length)
        return true;
    size_t wanted = b->length + more, capacity = b->capacity ? b->capacity * 2 : 1024;
    if (capacity < wanted)
        capacity = wanted;
    char *data = realloc(b->data, capacity);
    if (!data) {
        b->out_of_memory = true;
        return false;
    }
    b->data = data;
    b->capacity = capacity;
    return true;
}

void buffer_bytes(Buffer *b, const char *data, size_t length)
{
    if (reserve(b, length)) {
        memcpy(b->data + b->length, data, length);
        b->length += length;
    }
}

void buffer_text(Buffer *b, const char *text)
{
    buffer_bytes(b, text, strlen(text));
}

void buffer_number(Buffer *b, double number)
{
    char text[32];
    buffer_bytes(b, text, (size_t)snprintf(text, sizeof text, "%.0f", number));
}

/* A byte that starts a surrogate in QuickJS's UTF-8 (WTF-8): ED A0..BF xx. */
static bool is_surrogate(const unsigned char *p, const unsigned char *end)
{
    return p[0] == 0xED && end - p >= 3 && p[1] >= 0xA0;
}

static void escape(Buffer *b, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    char text[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
    switch (c) {
    case '"': buffer_bytes(b, "\\\"", 2); break;
    case '\\': buffer_bytes(b, "\\\\", 2); break;
    case '\n': buffer_bytes(b, "\\n", 2); break;
    default: buffer_bytes(b, text, 6); break;
    }
}

/* JSON cannot hold a lone surrogate; it becomes U+FFFD, as in the web's USVString. */
void buffer_json_string(Buffer *b, const char *utf8, size_t length)
{
    const unsigned char *p = (const unsigned char *)utf8, *end = p + length, *plain = p;
    buffer_bytes(b, "\"", 1);
    while (p < end) {
        if (*p >= 0x20 && *p != '"' && *p != '\\' && *p != 0xED) {
            p++;
        } else if (is_surrogate(p, end)) {
            buffer_bytes(b, (const char *)plain, (size_t)(p - plain));
            buffer_bytes(b, "\xEF\xBF\xBD", 3);
            plain = p += 3;
        } else if (*p == 0xED) {
            p++;
        } else {
            buffer_bytes(b, (const char *)plain, (size_t)(p - plain));
            escape(b, *p);
            plain = ++p;
        }
    }
    buffer_bytes(b, (const char *)plain, (size_t)(p - plain));
    buffer_bytes(b, "\"", 1);
}
