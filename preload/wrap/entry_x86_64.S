// SPDX-License-Identifier: MIT
//
// The entry for the calls of forwarding wrappers (wrapper.h). Such a wrapper jumps to devshm_enter_<positions> with
//
//   %r11  the slot of its real function: null until that has been looked up
//   %r10  its Function
//
// and leaves all else as the caller set it up. So an ordinary call jumps on to the real function, which sees the
// caller's own frame and return address, and unchanged argument registers.

        .text

// Jumps on unless one of the paths may match.
        .macro  enter positions, paths:vararg
        .globl  devshm_enter_\positions
        .hidden devshm_enter_\positions
devshm_enter_\positions:
        .irp    path, \paths
        mov     \path, %rax
        call    devshm_may_match_rax
        test    %eax, %eax
        jnz     call_with_words
        .endr
        jmp     go_on
        .endm

        enter   1, %rdi
        enter   2, %rsi
        enter   3, %rdx
        enter   5, %r8
        enter   1_2, %rdi, %rsi
        enter   2_4, %rsi, %rcx

// %rax is 0 here: for a variadic function this means that no argument is in a vector register.
go_on:  cmpq    $0, (%r11)
        je      first_use
        jmp     *(%r11)

// Calls void* devshm_look_up(slot, function), and jumps to the result.
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

// Calls long devshm_call(slot, function, words). There are seven words, and no function here uses the last. A thread
// that is cancelled in the real function unwinds through here.
call_with_words:
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
        call    devshm_call
        add     $56, %rsp
        .cfi_adjust_cfa_offset -56
        ret
        .cfi_endproc

        .section .note.GNU-stack, "", %progbits
