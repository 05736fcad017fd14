# SPDX-License-Identifier: MIT
"""The fuzz targets, and the bugs that are planted to see that each finds what it is for."""
import dataclasses
import pathlib


@dataclasses.dataclass
class Bug:
    """In the file `old`, which stands in it once, becomes `new`."""

    name: str
    file: str
    old: str
    new: str


@dataclasses.dataclass
class Target:
    """TARGET.cpp, with `sources` that can't be included."""

    name: str
    about: str
    length: int  # of an input, at most
    bugs: list
    sources: list = dataclasses.field(default_factory=list)
    flags: list = dataclasses.field(default_factory=list)
    libraries: list = dataclasses.field(default_factory=list)
    packages: str = ""

    @property
    def corpus(self):
        return pathlib.Path(__file__).resolve().parent / "corpus" / self.name


MAY_MATCH = "preload/may_match_{machine}.S"

TARGETS = [
    Target(
        "paths",
        "the path rule, against a model that reads paths from their end",
        64,
        sources=[MAY_MATCH],
        bugs=[
            Bug("a .. too many is counted", "preload/path_rule.cpp", "if (depth) --depth;", "--depth;"),
            Bug(
                "a longer name will do",
                "preload/path_rule.cpp",
                "if (length != size) return false;",
                "if (length < size) return false;",
            ),
        ],
    ),
    Target(
        "kernel_paths",
        "the path rule, against where the kernel lands",
        100,
        bugs=[
            Bug("shmx is ..", "preload/path_rule.cpp", 'return is("..", 2);', 'return is("..", 2) || is("shmx", 4);'),
            Bug(
                "what a part leads to is not asked",
                "preload/start_dir.cpp",
                "return here.st_dev == there.st_dev && here.st_ino == there.st_ino;",
                "return here.st_dev == there.st_dev;",
            ),
        ],
    ),
    Target(
        "symbols",
        "the look-up of symbols in broken ELF objects, against a reader that checks everything",
        2000,
        bugs=[
            Bug(
                "an empty table is not looked for",
                "preload/loaded_objects.cpp",
                "if (!bucket_count || !bloom_size) return;",
                "",
            ),
            Bug(
                "old versions win",
                "preload/loaded_objects.cpp",
                "(version & version_hidden ? 0 : version_hidden)",
                "(version & version_hidden)",
            ),
        ],
    ),
    Target(
        "constants",
        "the search for libc's directory, and the change of it, in broken objects",
        1000,
        bugs=[
            Bug("the end of a segment", "preload/libc_constant.cpp", "place + constant_length >= end ||", ""),
            Bug(
                "half of the places",
                "preload/libc_constant.cpp",
                "const std::size_t word = i / 4, shift = i % 4;",
                "const std::size_t word = i / 4, shift = i % 4 & 2;",
            ),
        ],
    ),
    Target(
        "addresses",
        "AF_UNIX addresses, against a model and what the kernel binds to",
        300,
        bugs=[
            Bug(
                "a name has an end",
                "preload/unix_address.cpp",
                "while (size < most && text[size] != '\\0')",
                "while (text[size] != '\\0')",
            ),
            Bug("the end is always counted", "preload/unix_address.cpp", "(end_counted ? 1 : 0)", "1"),
        ],
    ),
    Target(
        "environments",
        "settings, and environments that are handed on, against a model",
        2000,
        bugs=[
            Bug(
                "LD_PRELOAD ends at a colon",
                "preload/child_environment.cpp",
                "separates_libraries(char c) { return c == ':' || c == ' '; }",
                "separates_libraries(char c) { return c == ' '; }",
            ),
            Bug("a byte too few", "preload/child_environment.cpp", 'put("", 1);', 'put("", 1); text_size -= !text_;'),
        ],
    ),
    Target(
        "command_lines",
        "devshmd's options and sizes, and the report of broken recordings",
        1000,
        libraries=["fuse3", "fmt"],
        packages="libfuse3-dev libfmt-dev",
        bugs=[
            Bug("a size overflows", "daemon/size.cpp", "if (number > (UINT64_MAX >> shift)) return std::nullopt;", ""),
            Bug(
                "half of a surrogate",
                "daemon/json.cpp",
                "if (code >= 0xdc80 && code <= 0xdcff) {",
                "if (code > 0xdc80 && code <= 0xdcff) {",
            ),
        ],
    ),
    Target(
        "requests",
        "devshmd's answers to sequences of requests, against a model of a file system",
        1500,
        flags=["-O1"],
        libraries=["fuse3", "fmt"],
        packages="libfuse3-dev libfmt-dev",
        bugs=[
            Bug(
                "rename forgets a link",
                "daemon/node_rename.cpp",
                "--old_dir.links;\n      ++new_dir.links;",
                "++new_dir.links;",
            ),
            Bug(
                "a further link is free",
                "daemon/node_table.cpp",
                "const bool further = node.links > 0;",
                "const bool further = node.links > 1;",
            ),
        ],
    ),
]
