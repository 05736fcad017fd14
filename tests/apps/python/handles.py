"""libc through a handle: every call that fails raises OSError with libc's errno."""
import ctypes
import os
from ctypes import c_char_p, c_int, c_long, c_uint, c_void_p

# libpthread and librt are where the functions live before glibc 2.34. Later they are empty, but dlsym on their handle
# goes on to libc.so.6, and programs written for the old ones still name them. The last is musl's own name.
HANDLES = {"default": None}  # dlopen(NULL)
for _name in ("libc.so.6", "libpthread.so.0", "librt.so.1", "libc.musl-%s.so.1" % os.uname().machine):
    HANDLES[_name] = _name


class Libc:
    PROTOTYPES = {  # the last two arguments of sem_open are variadic; ABIs of 64-bit Linux pass them the same way
        "sem_open": (c_void_p, c_char_p, c_int, c_uint, c_uint),
        "sem_close": (c_int, c_void_p),
        "sem_unlink": (c_int, c_char_p),
        "sem_post": (c_int, c_void_p),
        "sem_wait": (c_int, c_void_p),
        "sem_trywait": (c_int, c_void_p),
        "sem_timedwait": (c_int, c_void_p, c_void_p),
        "sem_getvalue": (c_int, c_void_p, c_void_p),
        "shm_open": (c_int, c_char_p, c_int, c_uint),
        "shm_unlink": (c_int, c_char_p),
    }

    def __init__(self, handle):
        self.handle = handle
        self.library = ctypes.CDLL(HANDLES[handle], use_errno=True)

    def has(self, name):
        return hasattr(self.library, name)

    def __getattr__(self, name):
        result, *arguments = self.PROTOTYPES[name]
        function = getattr(self.library, name)
        function.restype, function.argtypes = result, arguments

        def call(*values):
            ctypes.set_errno(0)
            answer = function(*values)
            if answer in (None, -1):  # SEM_FAILED is a null pointer, which ctypes gives as None
                raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
            return answer

        return call


class Timespec(ctypes.Structure):
    _fields_ = [("seconds", c_long), ("nanoseconds", c_long)]
