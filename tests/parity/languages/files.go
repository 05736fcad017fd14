// SPDX-License-Identifier: MIT
//
// Go on /dev/shm. `files c`: libc's functions through cgo, which devshm sees. `files go`: package os, which makes its
// system calls by itself, past every library, with cgo as without.
package main

// #include <errno.h>
// #include <fcntl.h>
// #include <semaphore.h>
// #include <stdio.h>
// #include <stdlib.h>
// #include <sys/mman.h>
// #include <sys/stat.h>
// #include <unistd.h>
// #include <dirent.h>
// static int open_at(const char* path, int flags, mode_t mode) { return open(path, flags, mode); }
// static sem_t* sem_at(const char* name, unsigned value) { return sem_open(name, O_CREAT | O_EXCL, 0600, value); }
// static int sem_failed(sem_t* semaphore) { return semaphore == SEM_FAILED; }
import "C"

import (
	"fmt"
	"os"
	"os/exec"
	"unsafe"
)

func text(name string) *C.char { return C.CString(name) }

func say(step string, result C.int, err error) {
	if result < 0 {
		fmt.Println(step, err)
	} else {
		fmt.Println(step, "ok")
	}
}

func by_c() {
	var buffer [100]C.char
	file, err := C.fopen(text("/dev/shm/a"), text("r+"))
	if file == nil {
		fmt.Println("fopen", err)
	} else {
		fmt.Println("fopen", C.GoString(C.fgets(&buffer[0], 100, file)))
		C.fclose(file)
	}
	file, err = C.fopen(text("/dev/shm/nope"), text("r"))
	fmt.Println("fopen of nothing", file, err)
	result, err := C.open_at(text("/dev/shm/new"), C.O_CREAT|C.O_EXCL|C.O_RDWR, 0640)
	say("open", result, err)
	result, err = C.open_at(text("/dev/shm/new"), C.O_CREAT|C.O_EXCL|C.O_RDWR, 0640)
	say("open again", result, err)
	var seen C.struct_stat
	result, err = C.lstat(text("/dev/shm/link"), &seen)
	say("lstat", result, err)
	result, err = C.mkdir(text("/dev/shm/x"), 0700)
	say("mkdir", result, err)
	result, err = C.rename(text("/dev/shm/b"), text("/dev/shm/x/b"))
	say("rename", result, err)
	result, err = C.unlink(text("/dev/shm/hard1"))
	say("unlink", result, err)
	result, err = C.symlink(text("/dev/shm/a"), text("/dev/shm/x/link"))
	say("symlink", result, err)
	fmt.Println("realpath", C.GoString(C.realpath(text("/dev/shm/linkdir/../link"), nil)))
	result, err = C.chdir(text("/dev/shm/linkdir"))
	say("chdir", result, err)
	fmt.Println("getcwd", C.GoString(C.getcwd(nil, 0)))
	fmt.Println("opendir", C.opendir(text("/dev/shm")) != nil)

	fd, err := C.shm_open(text("/object"), C.O_CREAT|C.O_EXCL|C.O_RDWR, 0600)
	say("shm_open", fd, err)
	result, err = C.ftruncate(fd, 4096)
	say("ftruncate", result, err)
	memory, err := C.mmap(nil, 4096, C.PROT_READ|C.PROT_WRITE, C.MAP_SHARED, fd, 0)
	fmt.Println("mmap", err)
	*(*byte)(unsafe.Pointer(memory)) = 'x'
	result, err = C.access(text("/dev/shm/object"), C.R_OK)
	say("its file", result, err)
	result, err = C.shm_unlink(text("/object"))
	say("shm_unlink", result, err)
	semaphore, err := C.sem_at(text("/count"), 3)
	fmt.Println("sem_open", C.sem_failed(semaphore), err)
	result, err = C.access(text("/dev/shm/sem.count"), C.R_OK)
	say("its file", result, err)
	result, err = C.sem_unlink(text("/count"))
	say("sem_unlink", result, err)
}

func by_go() {
	data, err := os.ReadFile("/dev/shm/a")
	fmt.Println("ReadFile", string(data), err)
	fmt.Println("WriteFile", os.WriteFile("/dev/shm/new", []byte("x"), 0600))
	entries, err := os.ReadDir("/dev/shm/dir")
	fmt.Println("ReadDir", len(entries), err)
	fmt.Println("Mkdir", os.Mkdir("/dev/shm/x", 0700))
}

// What Go starts has LD_PRELOAD again, and with it devshm.
func children() {
	output, err := exec.Command("cat", "/dev/shm/a").CombinedOutput()
	fmt.Println("cat", string(output), err)
}

func main() {
	switch os.Args[1] {
	case "c":
		by_c()
	case "go":
		by_go()
	case "children":
		children()
	}
}
