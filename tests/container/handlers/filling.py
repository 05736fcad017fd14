"""A handler that writes more shared memory than /tmp has room for."""
from multiprocessing.shared_memory import SharedMemory


def handler(event, context):
    memory = SharedMemory("filling", create=True, size=event["mib"] << 20)
    for at in range(0, memory.size, 4096):
        memory.buf[at] = 1
    return "written"
