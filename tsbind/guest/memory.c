/* The guest's malloc.

   wasi-libc's rounds every block up to a power of two, header included, so that the engine's arenas
   of 4 KiB take 8, and what grows is copied each time.  Each page that a run touches costs the host
   a page fault; this allocator packs.

   Two-level segregated fit (Masmano, Ripoll, Crespo, Real 2004): free blocks lie in lists by size,
   sixteen for each power of two, and two levels of bitmaps find a list that fits.  A block is one
   word, its size and two flags, and what follows up to the next block; a free block ends with its
   size, too, so that the one behind it finds its start. */

#include "guest.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

enum {
    GRANULE = 8, /* what is handed out lies at multiples of it, one word behind a block's start */
    WORD = 4,
    SMALLEST = 16,
    FREE = 1,
    AFTER_FREE = 2, /* the block in front is free */
    FLAGS = FREE | AFTER_FREE,
    STEPS = 16, /* lists for each power of two */
    FIRST_POWER = 7, /* blocks below 2^7 are in the first row, by granules */
    ROWS = 32 - FIRST_POWER + 1,
    WASM_PAGE = 65536,
    LEAST_GROWTH = 4 * WASM_PAGE,
};

typedef struct Block {
    uint32_t size; /* of the whole block, with the flags */
    struct Block *next, *previous; /* only of free blocks */
} Block;

static Block *lists[ROWS][STEPS];
static uint32_t used_rows, used_lists[ROWS];
static bool ran_out;
static char *end; /* of the heap: a last block, of no size and never free, begins one word before */

/* Whether any block, whoever asked, could not be had. */
bool memory_ran_out(void)
{
    return ran_out;
}

static uint32_t size_of(const Block *block)
{
    return block->size & ~(uint32_t)FLAGS;
}

static Block *behind(const Block *block)
{
    return (Block *)((char *)block + size_of(block));
}

static Block *before(const Block *block)
{
    return (Block *)((char *)block - ((const uint32_t *)block)[-1]);
}

static Block *block_of(const void *memory)
{
    return (Block *)((char *)memory - WORD);
}

static void find_list(uint32_t size, unsigned *row, unsigned *step)
{
    unsigned power = 31 - (unsigned)__builtin_clz(size);
    if (power < FIRST_POWER) {
        *row = 0;
        *step = size / GRANULE;
    } else {
        *row = power - FIRST_POWER + 1;
        *step = (size >> (power - 4)) - STEPS;
    }
}

static void list(Block *block)
{
    unsigned row, step;
    find_list(size_of(block), &row, &step);
    block->previous = NULL;
    block->next = lists[row][step];
    if (block->next)
        block->next->previous = block;
    lists[row][step] = block;
    used_lists[row] |= 1u << step;
    used_rows |= 1u << row;
}

static void unlist(Block *block)
{
    if (block->next)
        block->next->previous = block->previous;
    if (block->previous) {
        block->previous->next = block->next;
        return;
    }
    unsigned row, step;
    find_list(size_of(block), &row, &step);
    lists[row][step] = block->next;
    if (!block->next && !(used_lists[row] &= ~(1u << step)))
        used_rows &= ~(1u << row);
}

/* Note that `size` bytes from `block` on are free; what is in front of them is not. */
static void set_free(Block *block, uint32_t size)
{
    block->size = size | FREE;
    Block *next = behind(block);
    ((uint32_t *)next)[-1] = size;
    next->size |= AFTER_FREE;
    list(block);
}

/* A free block of at least `size` bytes, or NULL. */
static Block *find(uint32_t size)
{
    unsigned row, step, power = 31 - (unsigned)__builtin_clz(size);
    /* Rounded up, so that the first block of the list fits. */
    find_list(power < FIRST_POWER ? size : size + (1u << (power - 4)) - 1, &row, &step);
    uint32_t found = used_lists[row] & (~0u << step);
    if (!found) {
        uint32_t rows = row + 1 < ROWS ? used_rows & (~0u << (row + 1)) : 0;
        if (!rows)
            return NULL;
        row = (unsigned)__builtin_ctz(rows);
        found = used_lists[row];
    }
    return lists[row][__builtin_ctz(found)];
}

/* Free a block, together with what is free around it; return the whole. */
static Block *release(Block *block)
{
    uint32_t size = size_of(block);
    Block *next = behind(block);
    if (next->size & FREE) {
        unlist(next);
        size += size_of(next);
    }
    if (block->size & AFTER_FREE) {
        block = before(block);
        unlist(block);
        size += size_of(block);
    }
    set_free(block, size);
    return block;
}

/* Let the heap grow; return the free block at its end, of at least `size` bytes, or NULL. */
static Block *grow(uint32_t size)
{
    uint32_t wanted = size < LEAST_GROWTH ? LEAST_GROWTH : size + WASM_PAGE;
    size_t pages = (wanted + WASM_PAGE - 1) / WASM_PAGE;
    size_t at = __builtin_wasm_memory_grow(0, pages);
    if (at == (size_t)-1) {
        pages = (size + 2 * GRANULE + WASM_PAGE - 1) / WASM_PAGE; /* no more than it takes */
        at = __builtin_wasm_memory_grow(0, pages);
    }
    if (at == (size_t)-1)
        return NULL;
    char *start = (char *)(at * WASM_PAGE), *stop = start + pages * WASM_PAGE;
    bool first = start != end; /* of the heap, or of a part of it that others have cut off */
    Block *block = (Block *)(first ? start + WORD : end - WORD);
    if (first)
        block->size = 0;
    end = stop;
    Block *last = (Block *)(stop - WORD);
    block->size = (uint32_t)((char *)last - (char *)block) | (block->size & AFTER_FREE);
    last->size = 0;
    return release(block);
}

static uint32_t whole(size_t size)
{
    if (size > 0x7FFFFFFF)
        return 0;
    uint32_t needed = ((uint32_t)size + WORD + GRANULE - 1) & ~(uint32_t)(GRANULE - 1);
    return needed < SMALLEST ? SMALLEST : needed;
}

/* Give back what of a block in use lies behind its first `size` bytes, where that is enough. */
static void trim(Block *block, uint32_t size)
{
    uint32_t rest = size_of(block) - size;
    if (rest < SMALLEST)
        return;
    block->size = size | (block->size & FLAGS);
    Block *behind_it = behind(block);
    behind_it->size = rest;
    release(behind_it);
}

void *malloc(size_t size)
{
    uint32_t needed = whole(size);
    Block *block = needed ? find(needed) : NULL;
    if (needed && !block)
        block = grow(needed);
    if (!block) {
        ran_out = true;
        return NULL;
    }
    unlist(block);
    block->size &= ~(uint32_t)FREE;
    behind(block)->size &= ~(uint32_t)AFTER_FREE;
    trim(block, needed);
    return (char *)block + WORD;
}

void free(void *memory)
{
    if (memory)
        release(block_of(memory));
}

void *calloc(size_t count, size_t size)
{
    size_t bytes;
    void *memory = __builtin_mul_overflow(count, size, &bytes) ? NULL : malloc(bytes);
    return memory ? memset(memory, 0, bytes) : NULL;
}

size_t malloc_usable_size(void *memory)
{
    return memory ? size_of(block_of(memory)) - WORD : 0;
}

/* Let a block take in what is free behind it. */
static void widen(Block *block)
{
    Block *next = behind(block);
    if (!(next->size & FREE))
        return;
    unlist(next);
    block->size += size_of(next);
    behind(block)->size &= ~(uint32_t)AFTER_FREE;
}

void *realloc(void *memory, size_t size)
{
    uint32_t needed = whole(size);
    if (!memory || !needed)
        return malloc(size);
    Block *block = block_of(memory);
    uint32_t had = size_of(block);
    if (had < needed) {
        widen(block);
        if (size_of(block) < needed && (char *)behind(block) == end - WORD &&
            grow(needed - size_of(block)))
            widen(block);
    }
    if (size_of(block) >= needed) {
        trim(block, needed);
        return memory;
    }
    void *moved = malloc(size);
    if (moved) {
        memcpy(moved, memory, had - WORD);
        free(memory);
    }
    return moved;
}
