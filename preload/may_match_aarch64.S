// SPDX-License-Identifier: MIT
//
// may_match() of path_rule.h. Every call of a wrapped function comes here, so it is written in assembler, and so that a
// wrapper need not save its arguments.
//
// It reads aligned blocks of sixteen bytes: it never touches a page that the string is not in, though it may see bytes
// before and after the string. Like the kernel, it reads at most PATH_MAX bytes: a longer text may match.

        .section .text.devshm_may_match, "ax", %progbits
        .p2align 2
        .globl  devshm_may_match, devshm_may_match_x9
        .hidden devshm_may_match, devshm_may_match_x9
        .type   devshm_may_match, %function

// Sets, for each byte of the block at x10 that ends a string or is an 'm', one bit of x12: the lowest of the byte's
// four.
        .macro  ends_and_ms
        ldr     q16, [x10]
        cmeq    v18.16b, v16.16b, v17.16b
        cmeq    v16.16b, v16.16b, #0
        orr     v16.16b, v16.16b, v18.16b
        shrn    v16.8b, v16.8h, #4
        fmov    x12, d16
        and     x12, x12, #0x1111111111111111
        .endm

// int look_for_hm(const char* path)
devshm_may_match:
        mov     x9, x0
        mov     x14, x30
        bl      devshm_may_match_x9
        mov     w0, w9
        ret     x14

// The same for a path in x9, which becomes 0 or 1. Changes x10 to x13 and v16 to v18, and nothing else.
devshm_may_match_x9:
        cmp     x9, #4096               // null, and what no process has mapped: the kernel's half, the first page
        b.lt    7f
        movi    v17.16b, #'m'
        and     x10, x9, #-16           // the block that the path begins in
        ends_and_ms
        and     x11, x9, #15            // how far into the block it begins
        lsl     x11, x11, #2
        lsr     x12, x12, x11
        lsl     x12, x12, x11
        cbz     x12, 3f

1:      rbit    x11, x12
        clz     x11, x11
        add     x11, x10, x11, lsr #2   // the first of them
        ldrb    w13, [x11]
        cbz     w13, 7f                 // the end
        cmp     x11, x9
        b.eq    2f                      // nothing before it belongs to the path
        ldrb    w13, [x11, #-1]
        cmp     w13, #'h'
        b.eq    8f
2:      sub     x13, x12, #1
        and     x12, x12, x13
        cbnz    x12, 1b

3:      add     x10, x10, #16           // the next block
        tst     x10, #0xfff
        b.eq    4f
5:      ends_and_ms
        cbz     x12, 3b
        b       1b

4:      sub     x11, x10, #4096         // the next page: it is read only if the kernel would read it, too
        cmp     x11, x9
        b.lo    5b
        b       8f

7:      mov     w9, #0
        ret
8:      mov     w9, #1
        ret
        .size   devshm_may_match, . - devshm_may_match

        .section .note.GNU-stack, "", %progbits
