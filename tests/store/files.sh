#!/bin/bash
# What tools see of files in /dev/shm, said so that it does not depend on the time, the machine or the file system. Run by
# files_test.py on a tmpfs, and on objects of the memory store.
cd / || exit
umask 027
see() { printf '%s: ' "$*"; "$@" 2>&1 | sed -E 's/[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:.]+//'; printf '=> %s\n' "${PIPESTATUS[0]}"; }
list() { find "$1" -printf '%P %y %m %n\n' | LC_ALL=C sort | sed -E 's/ d ([0-9]+) [0-9]+/ d \1/'; }

echo one >/dev/shm/f
mkdir /dev/shm/d
echo three >/dev/shm/d/g
echo more >>/dev/shm/d/g
ln /dev/shm/f /dev/shm/hard
ln -s f /dev/shm/soft
truncate -s 1M /dev/shm/large
see cat /dev/shm/f /dev/shm/d/g /dev/shm/soft
see stat -c '%n %F %a %h %s %U' /dev/shm/f /dev/shm/hard /dev/shm/d/g /dev/shm/soft /dev/shm/large
see stat -L -c '%n %F %a %s' /dev/shm/soft
see ls -F --color=never /dev/shm
see bash -c 'find /dev/shm -type f -links 2 | sort'
see find /dev/shm -type l
see list /dev/shm
see readlink /dev/shm/f
see readlink /dev/shm/soft
see readlink -f /dev/shm/f
see test -L /dev/shm/f
see test -f /dev/shm/f
see test /dev/shm/f -ef /dev/shm/hard
see dd if=/dev/shm/large of=/dev/shm/out bs=64K count=2 iflag=nofollow oflag=nofollow status=none
see chmod 600 /dev/shm/d/g
see stat -c '%a' /dev/shm/d/g
see touch -d 2001-02-03 /dev/shm/d/g
see find /dev/shm -newermt 2001-02-01 ! -newermt 2001-03-01 -type f
see bash -c 'set -C; echo no >/dev/shm/f'

see rm /dev/shm/hard
see tar cf /tmp/t.tar -C /dev/shm .
see bash -c 'tar tvf /tmp/t.tar | cut -c1-10,50- | sort'
see cp -a /dev/shm /tmp/copy
see list /tmp/copy
see bash -c 'type rsync >/dev/null && rsync -a /dev/shm/ /tmp/rsync'
see list /tmp/rsync
see mv /dev/shm/d/g /tmp/g
see list /dev/shm/d
see cat /tmp/g
see mv /tmp/g /dev/shm/d/back
see cp -a /tmp/copy /dev/shm/again
see list /dev/shm/again
see tar xf /tmp/t.tar -C /dev/shm/d
see list /dev/shm/d
see mv -n /dev/shm/f /dev/shm/hard
see mv -f /dev/shm/out /dev/shm/large
see stat -c '%n %F %a %h %s' /dev/shm/large
see rm -r /dev/shm/again /dev/shm/d
see list /dev/shm
see du --apparent-size -b /dev/shm/f /dev/shm/large
see python3 - <<'END'
import ctypes, os, shutil, tempfile

libc = ctypes.CDLL(None)


class Entry(ctypes.Structure):
    _fields_ = [("inode", ctypes.c_ulong), ("offset", ctypes.c_long), ("size", ctypes.c_ushort), ("type", ctypes.c_ubyte),
                ("name", ctypes.c_char * 256)]


def types():
    """What the ways of reading a directory say of its entries, a filter and an order of scandir as well."""
    entry, pointer = ctypes.POINTER(Entry), ctypes.POINTER
    seen, ordered = [], set()

    def wants(given):
        seen.append((given[0].name, given[0].type))
        return given[0].type == 8

    def order(one, other):
        ordered.update((each[0][0].name, each[0][0].type) for each in (one, other))
        return (one[0][0].name > other[0][0].name) - (one[0][0].name < other[0][0].name)

    found = pointer(entry)()
    count = libc.scandir(b"/dev/shm", ctypes.byref(found), ctypes.CFUNCTYPE(ctypes.c_int, entry)(wants),
                         ctypes.CFUNCTYPE(ctypes.c_int, pointer(entry), pointer(entry))(order))
    yield "scandir", [(found[i][0].name, found[i][0].type) for i in range(count)]
    yield "its filter", sorted(seen)
    yield "its order", sorted(ordered)
    yield "none wanted", libc.scandir(b"/dev/shm", ctypes.byref(found), ctypes.CFUNCTYPE(ctypes.c_int, entry)(lambda _: 0), None)

    libc.opendir.restype = ctypes.c_void_p
    directory = ctypes.c_void_p(libc.opendir(b"/dev/shm"))
    read, result, listed = Entry(), entry(), []
    while libc.readdir_r(directory, ctypes.byref(read), ctypes.byref(result)) == 0 and result:
        listed.append((read.name, read.type))
    libc.closedir(directory)
    yield "readdir_r", sorted(listed)

    begin = ctypes.byref(ctypes.c_long())
    for name, more in ("getdents64", []), ("getdirentries", [begin]), ("getdirentries64", [begin]):
        number = os.open("/dev/shm", os.O_RDONLY)
        memory, listed = ctypes.create_string_buffer(8192), []
        while (size := getattr(libc, name)(number, memory, 4096, *more)) > 0:
            at = 0
            while at < size:
                each = Entry.from_buffer(memory, at)
                listed.append((each.name, each.type))
                at += each.size
        os.close(number)
        yield name, sorted(listed)


print(sorted((e.name, e.is_file(follow_symlinks=False), e.is_symlink()) for e in os.scandir("/dev/shm")))
shutil.copytree("/dev/shm", "/tmp/tree", symlinks=True)
print(sorted(os.listdir("/tmp/tree")), os.path.islink("/tmp/tree/hard"), os.path.islink("/tmp/tree/soft"))
os.symlink("hard", "/dev/shm/second")
print(os.path.realpath("/dev/shm/second"), os.path.islink("/dev/shm/hard"), os.path.samefile("/dev/shm/hard", "/dev/shm/second"))
with open("/dev/shm/x", "x") as new:
    new.write("x")
try:
    open("/dev/shm/x", "x")
except FileExistsError as error:
    print(error)
with tempfile.NamedTemporaryFile(dir="/dev/shm", suffix=".s") as named:
    print(named.name.startswith("/dev/shm/tmp"), oct(os.stat(named.name).st_mode), os.path.exists(named.name))
print(os.path.exists(named.name))
number = os.open("/dev/shm", os.O_RDONLY)
print(os.stat("x", dir_fd=number, follow_symlinks=False).st_size, os.read(os.open("x", os.O_NOFOLLOW, dir_fd=number), 9))
print(all(entry.inode() == os.lstat(entry.path).st_ino for entry in os.scandir("/dev/shm")))
for what, entries in types():
    print(what, entries)
shutil.rmtree("/dev/shm", ignore_errors=True)
print(os.listdir("/dev/shm"))
END
