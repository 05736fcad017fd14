// SPDX-License-Identifier: MIT
//
// may_match() of path_rule.h. Every call of a wrapped function comes here, so it is written in assembler, and so that a
// wrapper need not save its arguments.
//
// It reads aligned blocks of sixteen bytes: it never touches a page that the string is not in, though it may see bytes
// before and after the string. Like the kernel, it reads at most PATH_MAX bytes: a longer text may match.

        .section .rodata.cst16, "aM", %progbits, 16
        .balign 16
ms:     .fill   16, 1, 'm'

        .section .text.devshm_may_match, "ax", %progbits
        .globl  devshm_may_match, devshm_may_match_rax
        .hidden devshm_may_match, devshm_may_match_rax
        .type   devshm_may_match, %function

// int look_for_hm(const char* path)
devshm_may_match:
        mov     %rdi, %rax

// The same for a path in %rax. Keeps every register but %rax, which becomes 0 or 1, and %xmm0 to %xmm2.
devshm_may_match_rax:
        cmp     $4096, %rax             // null, and what no process has mapped: the kernel's half, the first page
        jl      9f
        push    %rcx
        push    %rdx
        push    %rsi
        mov     %rax, %rdx
        mov     %eax, %ecx
        and     $-16, %rdx              // the block that the path begins in
        and     $15, %ecx               // how far into the block it begins
        pxor    %xmm2, %xmm2
        movdqa  (%rdx), %xmm0
        movdqa  ms(%rip), %xmm1
        pcmpeqb %xmm0, %xmm2            // where the block has a 0
        pcmpeqb %xmm1, %xmm0            // and an 'm'
        por     %xmm2, %xmm0
        pmovmskb %xmm0, %esi            // a bit for each
        shr     %cl, %esi
        shl     %cl, %esi
        test    %esi, %esi
        jz      3f

1:      bsf     %esi, %ecx              // the first of them
        cmpb    $0, (%rdx,%rcx)
        je      7f                      // the end
        add     %rdx, %rcx
        cmp     %rax, %rcx
        je      2f                      // nothing before it belongs to the path
        cmpb    $'h', -1(%rcx)
        je      8f
2:      lea     -1(%rsi), %ecx
        and     %ecx, %esi
        jnz     1b

3:      add     $16, %rdx               // the next block
        test    $0xfff, %edx
        jz      4f
5:      pxor    %xmm2, %xmm2
        movdqa  (%rdx), %xmm0
        pcmpeqb %xmm0, %xmm2
        pcmpeqb %xmm1, %xmm0
        por     %xmm2, %xmm0
        pmovmskb %xmm0, %esi
        test    %esi, %esi
        jz      3b
        jmp     1b

4:      lea     -4096(%rdx), %rcx       // the next page: it is read only if the kernel would read it, too
        cmp     %rax, %rcx
        jb      5b
        jmp     8f

7:      xor     %eax, %eax
        jmp     6f
8:      mov     $1, %eax
6:      pop     %rsi
        pop     %rdx
        pop     %rcx
        ret
9:      xor     %eax, %eax
        ret
        .size   devshm_may_match, . - devshm_may_match

        .section .note.GNU-stack, "", %progbits
