// SPDX-License-Identifier: MIT
//
// The entry for the calls of forwarding wrappers (wrapper.h). Such a wrapper jumps to devshm_enter_<positions> with
//
//   x16  the slot of its real function: null until that has been looked up
//   x17  its Function
//
// and leaves all else as the caller set it up. So an ordinary call jumps on to the real function, which sees the
// caller's own frame and return address, and unchanged argument registers.

        .text
        .p2align 2

// Jumps on unless one of the paths may match.
        .macro  enter positions, paths:vararg
        .globl  devshm_enter_\positions
        .hidden devshm_enter_\positions
devshm_enter_\positions:
        mov     x14, x30
        .irp    path, \paths
        mov     x9, \path
        bl      devshm_may_match_x9
        cbnz    w9, call_with_words
        .endr
        mov     x30, x14
        b       go_on
        .endm

        enter   1, x0
        enter   2, x1
        enter   3, x2
        enter   5, x4
        enter   1_2, x0, x1
        enter   2_4, x1, x3

go_on:  ldr     x9, [x16]
        cbz     x9, first_use
        br      x9

// Calls void* devshm_look_up(slot, function), and jumps to the result.
first_use:
        stp     x29, x30, [sp, #-80]!
        stp     x0, x1, [sp, #16]
        stp     x2, x3, [sp, #32]
        stp     x4, x5, [sp, #48]
        str     x6, [sp, #64]           // no function here has more
        mov     x0, x16
        mov     x1, x17
        bl      devshm_look_up
        mov     x16, x0
        ldr     x6, [sp, #64]
        ldp     x4, x5, [sp, #48]
        ldp     x2, x3, [sp, #32]
        ldp     x0, x1, [sp, #16]
        ldp     x29, x30, [sp], #80
        br      x16

// Calls long devshm_call(slot, function, words). A thread that is cancelled in the real function unwinds through here.
call_with_words:
        .cfi_startproc
        mov     x30, x14
        stp     x29, x30, [sp, #-80]!
        .cfi_adjust_cfa_offset 80
        .cfi_rel_offset x29, 0
        .cfi_rel_offset x30, 8
        mov     x29, sp
        stp     x0, x1, [sp, #16]
        stp     x2, x3, [sp, #32]
        stp     x4, x5, [sp, #48]
        str     x6, [sp, #64]
        mov     x0, x16
        mov     x1, x17
        add     x2, sp, #16
        bl      devshm_call
        ldp     x29, x30, [sp], #80
        .cfi_adjust_cfa_offset -80
        .cfi_restore x29
        .cfi_restore x30
        ret
        .cfi_endproc

        .section .note.GNU-stack, "", %progbits
