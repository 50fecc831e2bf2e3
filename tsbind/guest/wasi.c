/* The whole operating system of the guest: a clock that the host sets, and nothing else.

   wasi-libc reaches the system through functions imported from "wasi_snapshot_preview1".  Defining
   them here leaves the module with no imports at all. */

#include <stdint.h>
#include <string.h>

#include "guest.h"

enum { ERRNO_BADF = 8, ERRNO_NOSYS = 52, CLOCK_WALL = 0 };

#define SYSTEM(name) __attribute__((used)) int32_t __imported_wasi_snapshot_preview1_##name

static uint64_t now_ns, start_ns;

void clock_set(double milliseconds)
{
    bool first = now_ns == 0;
    /* NaN and what does not fit are refused by the host; here they must only not be undefined. */
    now_ns = milliseconds > 0 && milliseconds < 9e12 ? (uint64_t)milliseconds * 1000000 : 0;
    if (first)
        start_ns = now_ns;
}

SYSTEM(clock_time_get)(int32_t clock, int64_t precision, int32_t result)
{
    (void)precision;
    uint64_t time = clock == CLOCK_WALL ? now_ns : now_ns - start_ns;
    memcpy((void *)(uintptr_t)result, &time, sizeof time);
    return 0;
}

/* stdio is linked in for printf to memory; no file is ever open. */
SYSTEM(fd_close)(int32_t fd) { (void)fd; return ERRNO_BADF; }
int close(int fd) { (void)fd; return -1; } /* libc's would import fd_close all the same */
SYSTEM(fd_fdstat_get)(int32_t fd, int32_t result) { (void)fd, (void)result; return ERRNO_BADF; }
SYSTEM(fd_seek)(int32_t fd, int64_t offset, int32_t whence, int32_t result)
{
    (void)fd, (void)offset, (void)whence, (void)result;
    return ERRNO_BADF;
}
SYSTEM(fd_write)(int32_t fd, int32_t vectors, int32_t count, int32_t result)
{
    (void)fd, (void)vectors, (void)count, (void)result;
    return ERRNO_BADF;
}
SYSTEM(clock_res_get)(int32_t clock, int32_t result)
{
    (void)clock, (void)result;
    return ERRNO_NOSYS;
}
_Noreturn void __imported_wasi_snapshot_preview1_proc_exit(int32_t code);
__attribute__((used)) _Noreturn void __imported_wasi_snapshot_preview1_proc_exit(int32_t code)
{
    (void)code;
    __builtin_trap();
}
