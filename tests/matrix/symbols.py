# SPDX-License-Identifier: MIT
"""A libc made older: without the functions that have come since glibc 2.17."""
import struct

SECTION = struct.Struct("<IIQQQQIIQQ")  # Elf64_Shdr
SYMBOL = struct.Struct("<IBBHQQ")  # Elf64_Sym
DEFINITION, NAME = struct.Struct("<HHHHIII"), struct.Struct("<II")  # Elf64_Verdef, Elf64_Verdaux
DYNSYM, VERDEF, VERSYM = 11, 0x6FFFFFFD, 0x6FFFFFFF
OLDEST = (2, 17)


class Symbols:
    """The dynamic symbols of an ELF file's bytes."""

    def __init__(self, contents):
        self.contents = contents
        at, size, count = struct.unpack_from("<Q10xHH", contents, 40)
        sections = [SECTION.unpack_from(contents, at + i * size) for i in range(count)]
        of_kind = {section[1]: section for section in sections}
        self.table, self.bytes = of_kind[DYNSYM][4:6]
        self.strings = sections[of_kind[DYNSYM][6]][4]
        self.numbers = of_kind[VERSYM][4]
        self.versions = dict(self._definitions(of_kind[VERDEF][4]))

    def _text(self, offset):
        begin = self.strings + offset
        return self.contents[begin : self.contents.index(b"\0", begin)].decode()

    def _definitions(self, at):
        while True:
            _, _, number, _, _, name, following = DEFINITION.unpack_from(self.contents, at)
            yield number, self._text(NAME.unpack_from(self.contents, at + name)[0])
            if not following:
                return
            at += following

    def defined(self):
        """(name, version, where its entry is) of each that the file defines."""
        for i in range(self.bytes // SYMBOL.size):
            at = self.table + i * SYMBOL.size
            name, _, _, section, value, _ = SYMBOL.unpack_from(self.contents, at)
            number = struct.unpack_from("<H", self.contents, self.numbers + 2 * i)[0] & 0x7FFF
            if section and value and number > 1:
                yield self._text(name), self.versions[number], at


def is_newer(version):
    """Than what the library is for."""
    number = version.partition("GLIBC_")[2].split(".")
    return len(number) > 1 and all(part.isdigit() for part in number) and tuple(map(int, number[:2])) > OLDEST


def as_of_the_oldest(contents, names):
    """(the libc's bytes without those of these functions that 2.17 did not have, the names of what has gone)"""
    entries = {}
    for name, version, at in Symbols(contents).defined():
        if name in names:
            entries.setdefault(name, []).append((is_newer(version), at))
    made = bytearray(contents)
    gone = sorted(name for name, found in entries.items() if all(newer for newer, _ in found))
    for name in gone:
        for _, at in entries[name]:
            made[at + 6 : at + 16] = bytes(10)  # st_shndx and st_value: not defined
    return bytes(made), gone
