"""A handler that has nothing to do."""


def handler(event, context):
    return {}
