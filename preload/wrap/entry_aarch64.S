// SPDX-License-Identifier: MIT
//
// The way in, for all wrappers that FORWARD and IF_MATCHING make (wrapper.h). Such a wrapper comes here with
//
//   x16  the place of its real function: null as long as it has not been looked up
//   x17  its struct Wrapper
//   x15  the function that makes a call which may have to be rewritten (IF_MATCHING alone)
//
// and with everything else as its caller has set it up. So a call that is nothing to us jumps on to the real function,
// which sees the caller's own frame and return address, in registers that nobody has touched.

        .text
        .p2align 2

        .macro  ways positions, paths:vararg
        .globl  devshm_forward_\positions, devshm_if_matching_\positions
        .hidden devshm_forward_\positions, devshm_if_matching_\positions
devshm_forward_\positions:
        adr     x15, rewrite
devshm_if_matching_\positions:
        mov     x14, x30
        .irp    path, \paths
        mov     x9, \path
        bl      devshm_may_match_x9
        cbnz    w9, hand_over
        .endr
        b       go_on
        .endm

        ways    1, x0
        ways    2, x1
        ways    3, x2
        ways    5, x4
        ways    1_2, x0, x1
        ways    2_4, x1, x3

go_on:  mov     x30, x14
        ldr     x9, [x16]
        cbz     x9, first_use
        br      x9

hand_over:
        mov     x30, x14
        br      x15

// void* devshm_look_up(slot, wrapper), and on to what it finds.
first_use:
        stp     x29, x30, [sp, #-64]!
        stp     x0, x1, [sp, #16]
        stp     x2, x3, [sp, #32]
        stp     x4, x5, [sp, #48]
        mov     x0, x16
        mov     x1, x17
        bl      devshm_look_up
        mov     x16, x0
        ldp     x4, x5, [sp, #48]
        ldp     x2, x3, [sp, #32]
        ldp     x0, x1, [sp, #16]
        ldp     x29, x30, [sp], #64
        br      x16

// long devshm_forward(slot, wrapper, words). A thread that is cancelled in the real function unwinds through here.
rewrite:
        .cfi_startproc
        stp     x29, x30, [sp, #-64]!
        .cfi_adjust_cfa_offset 64
        .cfi_rel_offset x29, 0
        .cfi_rel_offset x30, 8
        mov     x29, sp
        stp     x0, x1, [sp, #16]
        stp     x2, x3, [sp, #32]
        stp     x4, x5, [sp, #48]
        mov     x0, x16
        mov     x1, x17
        add     x2, sp, #16
        bl      devshm_forward
        ldp     x29, x30, [sp], #64
        .cfi_adjust_cfa_offset -64
        .cfi_restore x29
        .cfi_restore x30
        ret
        .cfi_endproc

        .section .note.GNU-stack, "", %progbits
