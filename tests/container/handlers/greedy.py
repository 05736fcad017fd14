"""A handler that takes more memory than there is."""


def handler(event, context):
    taken = []
    while True:
        taken.append(b"x" * (16 << 20))
