// SPDX-License-Identifier: MIT
//
// The way in, for the wrappers that are made by a line in wrapper.h's terms. Such a wrapper comes here with
//
//   %r11  the place of its real function: null as long as it has not been looked up
//   %r10  its struct Wrapper
//   %rax  the function that makes a call that is for us (IF_... alone)
//
// and with everything else as its caller has set it up. So a call that is nothing to us jumps on to the real function,
// which sees the caller's own frame and return address, in registers that nobody has touched.

        .text

// What both kinds have in common: jumps to `otherwise` if one of the paths may match. On the way on %rax is 0: a
// variadic function is told that no argument is in a vector register.
        .macro  check otherwise, paths:vararg
        .irp    path, \paths
        mov     \path, %rax
        call    devshm_may_match_rax
        test    %eax, %eax
        jnz     \otherwise
        .endr
        .endm

        .macro  ways positions, paths:vararg
        .globl  devshm_forward_\positions, devshm_if_matching_\positions
        .hidden devshm_forward_\positions, devshm_if_matching_\positions
devshm_forward_\positions:
        check   forward, \paths
        jmp     go_on
devshm_if_matching_\positions:
        push    %rax
        check   hand_over, \paths
        pop     %rax
        xor     %eax, %eax
        jmp     go_on
        .endm

        ways    1, %rdi
        ways    2, %rsi
        ways    3, %rdx
        ways    5, %r8
        ways    1_2, %rdi, %rsi
        ways    2_4, %rsi, %rcx

        .macro  given position, argument
        .globl  devshm_tell_socket_\position, devshm_if_given_\position
        .hidden devshm_tell_socket_\position, devshm_if_given_\position
devshm_tell_socket_\position:
        lea     tell_socket(%rip), %rax
devshm_if_given_\position:
        test    \argument, \argument
        jz      ordinary
        jmp     *%rax
        .endm

        given   2, %rsi
        given   5, %r8
        given   6, %r9

        .macro  unix_name position, address, length
        .globl  devshm_name_socket_\position, devshm_if_unix_\position
        .hidden devshm_name_socket_\position, devshm_if_unix_\position
devshm_name_socket_\position:
        lea     name_socket(%rip), %rax
devshm_if_unix_\position:
        test    \address, \address
        jz      ordinary
        cmp     $2, \length             // no longer than its family: it has no name
        jbe     ordinary
        cmpw    $1, (\address)          // AF_UNIX
        jne     ordinary
        jmp     *%rax
        .endm

        unix_name 1, %rdi, %esi
        unix_name 2, %rsi, %edx
        unix_name 5, %r8, %r9d

ordinary:
        xor     %eax, %eax
go_on:  cmpq    $0, (%r11)
        je      first_use
        jmp     *(%r11)

hand_over:
        pop     %rax
        jmp     *%rax

// void* devshm_look_up(slot, wrapper), and on to what it finds.
first_use:
        push    %rdi
        push    %rsi
        push    %rdx
        push    %rcx
        push    %r8
        push    %r9
        sub     $8, %rsp
        mov     %r11, %rdi
        mov     %r10, %rsi
        call    devshm_look_up
        add     $8, %rsp
        pop     %r9
        pop     %r8
        pop     %rcx
        pop     %rdx
        pop     %rsi
        pop     %rdi
        mov     %rax, %r11
        xor     %eax, %eax
        jmp     *%r11

// long devshm_forward(slot, wrapper, words) and its like. A thread that is cancelled in the real function unwinds through
// here.
forward:
        lea     devshm_forward(%rip), %rax
        jmp     with_words
name_socket:
        lea     devshm_name_socket(%rip), %rax
        jmp     with_words
tell_socket:
        lea     devshm_tell_socket(%rip), %rax
with_words:
        .cfi_startproc
        sub     $8, %rsp
        .cfi_adjust_cfa_offset 8
        .irp    argument, %r9, %r8, %rcx, %rdx, %rsi, %rdi
        push    \argument
        .cfi_adjust_cfa_offset 8
        .endr
        mov     %r11, %rdi
        mov     %r10, %rsi
        mov     %rsp, %rdx
        call    *%rax
        add     $56, %rsp
        .cfi_adjust_cfa_offset -56
        ret
        .cfi_endproc

        .section .note.GNU-stack, "", %progbits
