// SPDX-License-Identifier: MIT
//
// Rust's std::fs, std::os::unix and libc's own functions on /dev/shm, a line each: what they gave.
use std::ffi::{CStr, CString};
use std::fmt::Debug;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::raw::{c_char, c_int, c_long, c_uint, c_void};
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::process::Command;

fn say<T: Debug>(step: &str, result: io::Result<T>) {
    match result {
        Ok(value) => println!("{}: {:?}", step, value),
        Err(error) => println!("{}: {}", step, error),
    }
}

fn names(dir: &str) -> io::Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        found.push(format!("{} {:?}", entry.path().display(), entry.file_type()?.is_dir()));
    }
    found.sort();
    Ok(found)
}

fn files() -> io::Result<()> {
    say("read_to_string", fs::read_to_string("/dev/shm/a"));
    say("read_to_string of nothing", fs::read_to_string("/dev/shm/nope"));
    say("write", fs::write("/dev/shm/new", "written"));
    say("create_new", OpenOptions::new().write(true).create_new(true).mode(0o640).open("/dev/shm/new").map(|_| ()));
    let mut file = OpenOptions::new().read(true).append(true).open("/dev/shm/b")?;
    say("append", file.write_all(b"more\n"));
    say("seek", file.seek(SeekFrom::Start(2)));
    let mut text = String::new();
    say("read", file.read_to_string(&mut text).map(|_| text));
    say("set_len", File::create("/dev/shm/long").and_then(|file| file.set_len(100)));
    say("write_at", OpenOptions::new().write(true).open("/dev/shm/long").and_then(|file| file.write_at(b"x", 50)));
    say("sync_all", file.sync_all());
    Ok(())
}

fn paths() {
    say("metadata", fs::metadata("/dev/shm/link").map(|m| (m.len(), m.mode(), m.nlink(), m.mtime())));
    say("symlink_metadata", fs::symlink_metadata("/dev/shm/link").map(|m| m.file_type().is_symlink()));
    say("absolute link", fs::metadata("/dev/shm/absolute").map(|m| m.len()));
    say("read_link", fs::read_link("/dev/shm/absolute"));
    say("canonicalize", fs::canonicalize("/dev/shm/linkdir/../link"));
    println!("exists: {} {}", std::path::Path::new("/dev/shm/a").exists(), std::path::Path::new("/dev/shmfoo").exists());
    say("read_dir", names("/dev/shm"));
    say("read_dir of nothing", names("/dev/shm/nope"));
    say("set_current_dir", std::env::set_current_dir("/dev/shm/linkdir/sub"));
    say("current_dir", std::env::current_dir());
    say("read there", fs::read_to_string("h"));
    say("set_current_dir", std::env::set_current_dir("/tmp/out"));
}

fn changes() {
    say("create_dir_all", fs::create_dir_all("/dev/shm/x/y/z"));
    say("DirBuilder", fs::DirBuilder::new().mode(0o700).create("/dev/shm/x/closed"));
    say("copy", fs::copy("/dev/shm/script", "/dev/shm/x/script"));
    say("copy from outside", fs::copy("/tmp/out/o", "/dev/shm/x/o"));
    say("rename", fs::rename("/dev/shm/a", "/dev/shm/x/a"));
    say("rename across", fs::rename("/dev/shm/x/a", "/tmp/out/a"));
    say("hard_link", fs::hard_link("/dev/shm/b", "/dev/shm/x/b"));
    say("symlink", std::os::unix::fs::symlink("/dev/shm/b", "/dev/shm/x/link"));
    say("set_permissions", fs::set_permissions("/dev/shm/b", fs::Permissions::from_mode(0o600)));
    say("remove_file", fs::remove_file("/dev/shm/hard1"));
    say("remove_dir", fs::remove_dir("/dev/shm/emptydir"));
    say("remove_dir_all", fs::remove_dir_all("/dev/shm/dir"));
    say("remove_dir of /dev/shm", fs::remove_dir("/dev/shm"));
}

fn sockets_and_programs() -> io::Result<()> {
    let listener = UnixListener::bind("/dev/shm/socket")?;
    say("local_addr", listener.local_addr());
    let mut stream = UnixStream::connect("/dev/shm/socket")?;
    say("peer_addr", stream.peer_addr());
    stream.write_all(b"hello")?;
    let (mut accepted, _) = listener.accept()?;
    let mut text = [0; 5];
    say("accepted", accepted.read_exact(&mut text).map(|_| text));
    let one = UnixDatagram::bind("/dev/shm/one")?;
    let other = UnixDatagram::bind("/dev/shm/other")?;
    other.send_to(b"hi", "/dev/shm/one")?;
    let mut buffer = [0; 9];
    say("recv_from", one.recv_from(&mut buffer));
    let text = |command: &mut Command| command.output().map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    say("output", text(Command::new("cat").arg("/dev/shm/b")));
    say("current_dir of a child", text(Command::new("pwd").current_dir("/dev/shm")));
    say("without environment", text(Command::new("/bin/cat").arg("/dev/shm/b").env_clear()));
    say("a script", text(Command::new("/dev/shm/script").arg("x")));
    say("no program", text(&mut Command::new("/dev/shm/nope")));
    Ok(())
}

extern "C" {
    fn open(path: *const c_char, flags: c_int, ...) -> c_int;
    fn mkdir(path: *const c_char, mode: c_uint) -> c_int;
    fn unlink(path: *const c_char) -> c_int;
    fn realpath(path: *const c_char, to: *mut c_char) -> *mut c_char;
    fn shm_open(name: *const c_char, flags: c_int, mode: c_uint) -> c_int;
    fn shm_unlink(name: *const c_char) -> c_int;
    fn sem_open(name: *const c_char, flags: c_int, ...) -> *mut c_void;
    fn sem_unlink(name: *const c_char) -> c_int;
    fn ftruncate(fd: c_int, length: c_long) -> c_int;
}

fn by_libc() {
    const CREATE: c_int = 0o100 | 0o200 | 2; // O_CREAT, O_EXCL, O_RDWR
    let text = |text: &str| CString::new(text).unwrap();
    let result = |value: c_int| if value < 0 { Err(io::Error::last_os_error()) } else { Ok(value.min(1)) };
    unsafe {
        say("open", result(open(text("/dev/shm/by-libc").as_ptr(), CREATE, 0o600 as c_uint)));
        say("open again", result(open(text("/dev/shm/by-libc").as_ptr(), CREATE, 0o600 as c_uint)));
        say("mkdir", result(mkdir(text("/dev/shm/by-libc.d").as_ptr(), 0o700)));
        say("unlink", result(unlink(text("/dev/shm/by-libc").as_ptr())));
        let resolved = realpath(text("/dev/shm/linkdir/../link").as_ptr(), std::ptr::null_mut());
        println!("realpath: {:?}", if resolved.is_null() { None } else { Some(CStr::from_ptr(resolved)) });
        let fd = shm_open(text("/object").as_ptr(), CREATE, 0o600);
        say("shm_open", result(ftruncate(fd, 4096)));
        say("its file", fs::metadata("/dev/shm/object").map(|m| m.len()));
        say("shm_unlink", result(shm_unlink(text("/object").as_ptr())));
        println!("sem_open: {}", sem_open(text("/count").as_ptr(), CREATE, 0o600 as c_uint, 3 as c_uint).is_null());
        say("its file", fs::metadata("/dev/shm/sem.count").map(|m| m.len()));
        say("sem_unlink", result(sem_unlink(text("/count").as_ptr())));
    }
}

fn main() {
    by_libc();
    say("files", files());
    paths();
    say("sockets and programs", sockets_and_programs());
    changes();
}
