/* The operations that exist: sorted names, each between two line feeds, searched in place. */

#include "guest.h"

#include <string.h>

static const char *table = "\n";
static size_t table_length = 1;

void table_set(const char *text, size_t length)
{
    table = text;
    table_length = length;
}

const char *table_text(size_t *length)
{
    *length = table_length;
    return table;
}

/* Compare the name that starts at `at` with `path` followed by `last` (0: nothing follows). */
static int compare(size_t at, const char *path, size_t length, char last, bool prefix)
{
    size_t i = 0, wanted = length + (last != 0);
    for (; i < wanted; i++) {
        unsigned char have = at + i < table_length ? (unsigned char)table[at + i] : '\n';
        unsigned char want = (unsigned char)(i < length ? path[i] : last);
        if (have == '\n')
            return -1;
        if (have != want)
            return have < want ? -1 : 1;
    }
    return prefix || at + i >= table_length || table[at + i] == '\n' ? 0 : 1;
}

static bool find(const char *path, size_t length, char last, bool prefix)
{
    size_t low = 1, high = table_length; /* starts of names lie in low ≤ start < high */
    while (low < high) {
        size_t start = low + (high - low) / 2;
        while (start > low && table[start - 1] != '\n')
            start--;
        int order = compare(start, path, length, last, prefix);
        if (order == 0)
            return true;
        if (order > 0) {
            high = start;
            continue;
        }
        const char *end = memchr(table + start, '\n', table_length - start);
        if (!end)
            return false;
        low = (size_t)(end - table) + 1;
    }
    return false;
}

int table_kind(const char *path, size_t length)
{
    if (memchr(path, '\n', length))
        return 0;
    return (find(path, length, '.', true) ? NAMESPACE : 0)
           | (find(path, length, 0, false) ? OPERATION : 0);
}
