// SPDX-License-Identifier: MIT
//
// An indirect function and a reference to it. They make glibc's loader call devshm_hide_absent (absent_functions.h)
// while it relocates this library. The reference is the last one in .rela.plt, so the loader has bound all others
// before it.
//
// musl's loader supports no indirect functions. It ignores versions and skips symbols that are not the default one, so
// it finds the other devshm_hide, an ordinary function. Neither of the two is ever called.

#if defined(__x86_64__)
#define GO_TO jmp
#define BY_PLT @PLT
#else
#define GO_TO b
#define BY_PLT
#endif

        .section .text.devshm_start, "ax", %progbits  // on a page that the loader reads anyway (libdevshm.lds)
        .globl  devshm_hide_by_glibc, devshm_hide_by_others
        .hidden devshm_hide_absent

        .type   devshm_hide_by_glibc, %gnu_indirect_function
devshm_hide_by_glibc:
        GO_TO   devshm_hide_absent
        .size   devshm_hide_by_glibc, . - devshm_hide_by_glibc

        .type   devshm_hide_by_others, %function
devshm_hide_by_others:
        GO_TO   devshm_hide_reference BY_PLT
        .size   devshm_hide_by_others, . - devshm_hide_by_others

        .symver devshm_hide_by_glibc, devshm_hide@DEVSHM_GLIBC, remove
        .symver devshm_hide_by_others, devshm_hide@@DEVSHM_OTHER, remove
        .symver devshm_hide_reference, devshm_hide@DEVSHM_GLIBC

        .section .note.GNU-stack, "", %progbits
