// SPDX-License-Identifier: MIT
//
// Exports the old versions of functions that do something else in glibc, for programs that request them by name. The
// version script (libdevshm_x86_64.map) gives the ordinary wrapper of each the version of the change: a program with
// either reference finds its own, and one without a version the ordinary one. Only x86_64 is old enough.

        .macro  version name, version, function
        .globl  \function\()_export
        .hidden \function
        .type   \function\()_export, %function
\function\()_export:
        jmp     \function
        .size   \function\()_export, . - \function\()_export
        .symver \function\()_export, \name@\version, remove
        .endm

        .text
        version posix_spawn, GLIBC_2.2.5, devshm_old_posix_spawn
        version posix_spawnp, GLIBC_2.2.5, devshm_old_posix_spawnp

        .section .note.GNU-stack, "", %progbits
