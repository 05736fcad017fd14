// SPDX-License-Identifier: MIT
//
// The way in, for the wrappers that are made by a line in wrapper.h's terms. Such a wrapper comes here with
//
//   x16  the place of its real function: null as long as it has not been looked up
//   x17  its struct Wrapper
//   x15  the function that makes a call that is for us (IF_... alone)
//
// and with everything else as its caller has set it up. So a call that is nothing to us jumps on to the real function,
// which sees the caller's own frame and return address, in registers that nobody has touched.

        .text
        .p2align 2

        .macro  ways positions, paths:vararg
        .globl  devshm_forward_\positions, devshm_if_matching_\positions
        .hidden devshm_forward_\positions, devshm_if_matching_\positions
devshm_forward_\positions:
        adr     x15, forward
devshm_if_matching_\positions:
        mov     x14, x30
        .irp    path, \paths
        mov     x9, \path
        bl      devshm_may_match_x9
        cbnz    w9, hand_over
        .endr
        mov     x30, x14
        b       go_on
        .endm

        ways    1, x0
        ways    2, x1
        ways    3, x2
        ways    5, x4
        ways    1_2, x0, x1
        ways    2_4, x1, x3

        .macro  given position, argument
        .globl  devshm_tell_socket_\position, devshm_if_given_\position
        .hidden devshm_tell_socket_\position, devshm_if_given_\position
devshm_tell_socket_\position:
        adr     x15, tell_socket
devshm_if_given_\position:
        cbz     \argument, go_on
        br      x15
        .endm

        given   2, x1
        given   5, x4
        given   6, x5

        .macro  unix_name position, address, length
        .globl  devshm_name_socket_\position, devshm_if_unix_\position
        .hidden devshm_name_socket_\position, devshm_if_unix_\position
devshm_name_socket_\position:
        adr     x15, name_socket
devshm_if_unix_\position:
        cbz     \address, go_on
        cmp     \length, #2             // no longer than its family: it has no name
        b.ls    go_on
        ldrh    w9, [\address]
        cmp     w9, #1                  // AF_UNIX
        b.ne    go_on
        br      x15
        .endm

        unix_name 1, x0, w1
        unix_name 2, x1, w2
        unix_name 5, x4, w5

go_on:  ldr     x9, [x16]
        cbz     x9, first_use
        br      x9

hand_over:
        mov     x30, x14
        br      x15

// void* devshm_look_up(slot, wrapper), and on to what it finds.
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

// long devshm_forward(slot, wrapper, words) and its like. A thread that is cancelled in the real function unwinds through
// here.
forward:
        adr     x14, devshm_forward
        b       with_words
name_socket:
        adr     x14, devshm_name_socket
        b       with_words
tell_socket:
        adr     x14, devshm_tell_socket
with_words:
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
        blr     x14
        ldp     x29, x30, [sp], #64
        .cfi_adjust_cfa_offset -64
        .cfi_restore x29
        .cfi_restore x30
        ret
        .cfi_endproc

        .section .note.GNU-stack, "", %progbits
