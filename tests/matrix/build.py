# SPDX-License-Identifier: MIT
"""Builds what runs in the cells: the library, once per architecture, and the programs that try it."""
import pathlib
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
PROJECT = HERE.parent.parent

# What the programs import, by the library that has it on glibc 2.17. They are linked against stubs that define just
# these, all in the version that glibc has had from the beginning: so they run on every glibc, need the libraries that
# a program built there would need, and the linker refuses what the list does not have.
IMPORTS = {
    "libpthread.so.0": "sem_open sem_close sem_unlink sem_wait sem_trywait sem_timedwait sem_post sem_init "
    "sem_getvalue run_beside_the_constant",
    "librt.so.1": "shm_open shm_unlink",
    "libdl.so.2": "dlopen dlsym dlerror dlclose",
    "libc.so.6": "abort access chdir clock_gettime clone close closedir __errno_location execv _exit exit "
    "fclose fcntl fflush fgets fileno fopen fork free freopen fstatfs ftruncate getenv "
    "getpid glob globfree __libc_start_main link lseek memcmp memcpy memset mkdir mkstemp "
    "mktemp mmap munmap nftw open openat opendir posix_spawn printf putchar puts readdir "
    "realpath rename rmdir setenv snprintf statfs __statfs statvfs strchr strcmp strcpy "
    "strerror strlen strncmp strstr strtok strtol symlink syscall tempnam unlink unsetenv "
    "usleep waitpid write __xstat",
}
# Younger than x86_64's base version.
LATER_ON_X86_64 = {"openat": "GLIBC_2.4", "clock_gettime": "GLIBC_2.17", "posix_spawn": "GLIBC_2.15"}

COMMON = [
    "-std=gnu11",
    "-O2",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-Wno-format-truncation",
    "-U_FORTIFY_SOURCE",
    "-fno-stack-protector",
]
LIBRARIES = {"-lpthread": "libpthread.so.0", "-lrt": "librt.so.1", "-ldl": "libdl.so.2", "-lc": "libc.so.6"}


class BuildFailed(Exception):
    """The command and what it said."""


def call(command, **options):
    command = [str(word) for word in command]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False, **options
    )
    if done.returncode != 0:
        raise BuildFailed("%s\n%s" % (" ".join(command), done.stdout))
    return done.stdout


def cross_file(architecture):
    return HERE / (architecture.multiarch + ".ini")


def library(architecture, directory):
    """libdevshm.so as it is delivered: an optimised build, stripped."""
    cross = ["--cross-file", cross_file(architecture)] if architecture.emulator else []
    call(["meson", "setup", directory / "build", PROJECT, "-Dtests=disabled", "-Dprefix=/", "-Dlibdir=lib", *cross])
    call(["meson", "install", "-C", directory / "build", "--strip", "--destdir", directory / "install"])
    return directory / "install/lib/libdevshm.so"


def stubs(architecture, directory):
    """The link line's libraries: nothing but names, versions and a soname each."""
    directory.mkdir(parents=True)
    for option, soname in LIBRARIES.items():
        names = {}
        for name in IMPORTS[soname].split():
            later = LATER_ON_X86_64.get(name) if architecture.name == "x86_64" else None
            names.setdefault(later or architecture.base_version, []).append(name)
        source = directory / (soname + ".c")
        source.write_text("".join("void %s(void) {}\n" % name for of in names.values() for name in of))
        versions = directory / (soname + ".map")
        versions.write_text("".join("%s { global: %s; };\n" % (v, "; ".join(of)) for v, of in names.items()))
        call(
            [
                architecture.compiler,
                "-w",
                "-fno-builtin",
                "-shared",
                "-nostdlib",
                "-Wl,-soname," + soname,
                "-Wl,--version-script=%s" % versions,
                "-o",
                directory / ("lib%s.so" % option[2:]),
                source,
            ]
        )
    return directory


def loader(architecture, kind):
    return "/lib/ld-musl-%s.so.1" % architecture.name if kind == "musl" else architecture.glibc_loader


def link(architecture, stub_directory, target, sources, libraries, *options):
    """A program or (with -shared) a library from C sources in this directory, on the stubs alone."""
    call(
        [
            architecture.compiler,
            *COMMON,
            "-o",
            target,
            *(HERE / source for source in sources),
            "-nodefaultlibs",
            "-L",
            stub_directory,
            "-Wl,--no-as-needed",
            *libraries,
            "-lgcc",
            "-Wl,--hash-style=both",
            "-Wl,-z,now",
            "-Wl,-z,noexecstack",
            *options,
        ]
    )


def old_library(architecture, make, target, source):
    """A library in the place of one of old glibc's. Constants lie between headers and code, in one executable segment,
    as linkers before 2.31 had it on x86_64, and as it still is on aarch64."""
    versions = target.with_name(target.name + ".map")
    versions.write_text(
        "GLIBC_2.1 {};\n%s { global: sem_*; shm_*; run_beside_the_constant; local: *; };\n" % architecture.base_version
    )
    make(
        target,
        source,
        "-lc",
        "-fPIC",
        "-shared",
        "-Wl,-soname," + target.name,
        "-Wl,-z,noseparate-code",
        "-Wl,--version-script=%s" % versions,
        '-DBASE_VERSION="%s"' % architecture.base_version,
    )


def programs(architecture, kind, directory):
    """What a cell of this kind of libc needs besides the library, in `directory`. The kinds differ in one word, the
    loader's name: musl's takes glibc's libraries for itself when it meets them in NEEDED."""
    stub_directory = stubs(architecture, directory.with_name(directory.name + "-stubs"))
    directory.mkdir(parents=True, exist_ok=True)
    program = ["-fPIE", "-pie", "-Wl,--dynamic-linker=" + loader(architecture, kind)]

    def make(target, sources, libraries, *options):
        link(architecture, stub_directory, directory / target, sources.split(), libraries.split(), *options)

    make("probe", "probe.c probe_names.c probe_paths.c probe_versions.c", "-lpthread -lrt -lc", *program)
    make("plain", "plain.c", "-lc", *program)
    make("handles", "handles.c", "-ldl -lc", *program)
    make("by_name.so", "by_name.c", "-lpthread -lrt -lc", "-fPIC", "-shared")
    make("old_program", "old_glibc/program.c", "-lpthread -lrt -lc", *program, "-Wl,-z,lazy")
    (directory / "absent").mkdir()
    exports = directory.with_name(directory.name + "-exports")
    exports.mkdir()
    rows = [line.split("\t") for line in (PROJECT / "tests/artifact/functions.tsv").read_text().splitlines()]
    names = [row[0] for row in rows if row[2:3] == ["wrapped"]]
    (exports / "exports.h").write_text("".join("EXPORT(%s)\n" % name for name in names))
    weak = [
        "-I",
        exports,
        "-Wl,-z,dynamic-undefined-weak",
        "-Wno-builtin-declaration-mismatch",
        "-Wno-deprecated-declarations",
    ]
    make("absent/library.so", "absent/library.c", "-lc", "-fPIC", "-shared", "-Wl,-soname,library.so", *weak)
    make(
        "absent/program",
        "absent/program.c",
        "-lpthread -lrt -ldl -lc",
        *program,
        *weak,
        directory / "absent/library.so",
        "-Wl,-rpath,/matrix/absent"
    )
    # With two versions of a function the real librt, which wants the real libpthread, would not do.
    for name, libpthread in (("2.17", "libpthread.c"), ("versions", "versions.c")):
        (directory / name).mkdir()
        old_library(architecture, make, directory / name / "libpthread.so.0", "old_glibc/" + libpthread)
        old_library(architecture, make, directory / name / "librt.so.1", "old_glibc/librt.c")
    if architecture.emulator:
        (directory / "qemu").write_bytes(pathlib.Path(architecture.emulator).read_bytes())
        (directory / "qemu").chmod(0o755)
        call(["cc", *COMMON, "-static", "-o", directory / "start", HERE / "launcher.c"])
