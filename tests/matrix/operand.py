# SPDX-License-Identifier: MIT
"""A libc as another compiler would have made it: sem_open has its template in instructions, and not in read-only data.

glibc 2.34 and later for x86_64, built by gcc for most processors, loads the template by one vector instruction. In a copy
of such a libc that becomes a jump to code that puts it together from operands, as gcc writes it for others. The code
lies in the place of mtx_init, which nothing in the matrix calls, and sem_open's size includes it.
"""
import struct

import symbols

TEMPLATE = b"/dev/shm/sem.XXX"
LOAD = b"\x66\x0f\x6f\x05"  # movdqa (%rip), %xmm0
PUSH, POP = b"\x50", b"\x58"  # %rax
MOVABS, NOT = b"\x48\xb8", b"\x48\xf7\xd0"  # of %rax
LOW, HIGH = b"\x66\x48\x0f\x6e\xc0", b"\x66\x48\x0f\x3a\x22\xc0\x01"  # movq %rax, %xmm0; pinsrq $1, %rax, %xmm0
JUMP, NOTHING = b"\xe9", b"\x90"


def turned(text):
    return bytes(byte ^ 0xFF for byte in text)


def code(is_known):
    """As operands; or as their complement, which devshm can't know."""
    made = PUSH
    for half, move in ((TEMPLATE[:8], LOW), (TEMPLATE[8:], HIGH)):
        made += MOVABS + half + move if is_known else MOVABS + turned(half) + NOT + move
    return made + POP


def with_operands(contents, is_known=True):
    """The bytes of the other libc; None if sem_open does not have its template as it is looked for here."""
    entries, places = [], {}
    for name, _, at in symbols.Symbols(contents).defined():
        if name in ("sem_open", "mtx_init"):
            places[name] = struct.unpack_from("<QQ", contents, at + 8)
            if name == "sem_open":
                entries.append(at)
    if len(places) < 2:
        return None
    begin, size = places["sem_open"]
    other, room = places["mtx_init"]
    made = bytearray(contents)
    at = contents.find(LOAD, begin, begin + size)
    if at < 0:
        return None
    data = at + 8 + struct.unpack_from("<i", contents, at + 4)[0]
    if contents[data : data + 16] != TEMPLATE or other < begin or len(code(False)) + 5 > room:
        return None
    moved = code(is_known)
    moved += JUMP + struct.pack("<i", at + 8 - (other + len(moved) + 5))
    made[data : data + 16] = bytes(16)
    made[other : other + len(moved)] = moved
    made[at : at + 8] = JUMP + struct.pack("<i", other - (at + 5)) + NOTHING * 3
    for entry in entries:
        struct.pack_into("<Q", made, entry + 16, other + room - begin)
    return bytes(made)
