# SPDX-License-Identifier: MIT
"""The command line of container/lambda."""
import argparse
import pathlib
import signal
import sys

from . import Failed, container, emulation, namespaces, needs, roots, sandbox, variables

EPILOG = """\
The root: without --root, a Debian with Python, strace and the usual tools is made with mmdebstrap, and kept in
~/.cache/devshm/lambda. `--root /` uses this machine's own programs. An image sets its own variables, and its entrypoint and
command if there is no CMD.

examples:
  lambda python3 -c 'import multiprocessing; multiprocessing.Lock()'      FileNotFoundError: [Errno 2]
  lambda --libc 2.31 python3 -c 'import multiprocessing; multiprocessing.Lock()'       OSError: [Errno 38]
  lambda --layer devshm-0.1.0-layer-x86_64.zip --env LD_PRELOAD=/opt/lib/libdevshm.so python3 app.py
  lambda --task src --layer devshm-0.1.0-layer-x86_64.zip --env AWS_LAMBDA_EXEC_WRAPPER=/opt/devshm-wrapper \\
         --runtime-api --handler app.handler                              then, from another terminal:
  curl -d '{}' http://127.0.0.1:9000/2015-03-31/functions/function/invocations
  lambda bash                                                             look around

exit status: CMD's (128+n: killed by signal n); 125: the environment could not be made, 2: wrong usage.
docs/lambda-environment.md lists what differs from Lambda itself."""


def parser():
    result = argparse.ArgumentParser(
        prog="lambda",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=EPILOG,
        usage="lambda [OPTIONS] [--] CMD...\n       lambda [OPTIONS] --runtime-api [--handler FILE.FUNCTION] [--] [CMD...]",
        description="Runs CMD as AWS Lambda would: no /dev/shm and no tmpfs, a read-only root, /tmp and /dev on ext4, "
        "Lambda's user, limits, variables and refused system calls. Needs root.",
    )
    root = result.add_argument_group("what runs")
    root.add_argument(
        "--root",
        metavar="DIR|ARCHIVE|IMAGE",
        help="a root directory, an OCI or docker archive, or the name of an image that podman or docker has",
    )
    root.add_argument(
        "--libc",
        choices=list(roots.RELEASES),
        default="2.36",
        help="use the Debian with this glibc (default %(default)s). Amazon Linux 2 fails like 2.31, "
        "Amazon Linux 2023 like the later ones",
    )
    root.add_argument(
        "--arch",
        choices=("x86_64", "arm64"),
        default=emulation.native(),
        help="default: this machine's; the other one runs in qemu-user",
    )
    root.add_argument(
        "--with",
        dest="with_packages",
        metavar="PACKAGE[,PACKAGE]",
        default=[],
        type=lambda text: text.split(","),
        help="packages to add to the Debian that is made",
    )
    root.add_argument("--task", metavar="DIR|ZIP", help="the function's code, at /var/task")
    root.add_argument(
        "--layer",
        metavar="DIR|ZIP",
        action="append",
        help="unpacked to /opt, later ones over earlier ones. Can be repeated",
    )
    root.add_argument("--env", metavar="NAME=VALUE", action="append", default=[], help="can be repeated")
    limits = result.add_argument_group("sizes")
    limits.add_argument("--tmp", metavar="MB", type=int, default=512, help="size of /tmp, 512 to 10240 (default 512)")
    limits.add_argument(
        "--memory", metavar="MB", type=int, default=128, help="128 to 10240 (default 128, as on Lambda)"
    )
    api = result.add_argument_group("as a function")
    api.add_argument(
        "--runtime-api",
        action="store_true",
        help="serve the Runtime API to CMD (default: a small Python runtime) and take invocations over HTTP",
    )
    api.add_argument("--handler", metavar="FILE.FUNCTION", help="the function's handler (default app.handler)")
    api.add_argument(
        "--listen",
        metavar="[HOST:]PORT",
        default="127.0.0.1:9000",
        help="address that takes invocations (default %(default)s; port 0: any free one)",
    )
    api.add_argument(
        "--timeout", metavar="SECONDS", type=float, default=3, help="time-out of an invocation (default 3)"
    )
    api.add_argument(
        "--concurrency",
        metavar="N",
        type=int,
        default=0,
        help="as on Managed Instances: one environment, never frozen, runs up to N invocations at a time",
    )
    api.add_argument(
        "--snapstart",
        metavar="N",
        type=int,
        default=0,
        help="initialize, take a snapshot, and serve from N copies of it in turn",
    )
    api.add_argument(
        "--log-format", choices=("Text", "JSON"), help="format of the log (default Text; JSON with --concurrency)"
    )
    api.add_argument(
        "--log-level",
        choices=("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"),
        default="INFO",
        help="level of the function's log in JSON (default INFO)",
    )
    api.add_argument("--name", default="function", help="the function's name (default %(default)s)")
    api.add_argument(
        "--freeze",
        choices=("auto", "group", "stop", "none"),
        default="auto",
        help="how to freeze between invocations: a control group's freezer (group), SIGSTOP to each process (stop), not at "
        "all (none). Default: group if possible, else stop",
    )
    result.add_argument(
        "--scratch",
        metavar="DIR",
        type=pathlib.Path,
        default=pathlib.Path("/var/tmp"),
        help="directory for the disk images of /tmp and /dev, which are sparse files (default %(default)s)",
    )
    result.add_argument(
        "--no-install", action="store_true", help="don't install Debian packages that are missing, only name them"
    )
    result.add_argument("command", nargs=argparse.REMAINDER, metavar="CMD", help=argparse.SUPPRESS)
    return result


def read(arguments):
    reader = parser()
    options = reader.parse_args(arguments)
    if options.command and options.command[0] == "--":
        del options.command[0]
    if not options.command and not options.root and not options.runtime_api:
        reader.error("no command (see --help)")
    if not 512 <= options.tmp <= 10240:
        reader.error("--tmp: Lambda allows 512 to 10240 MB")
    if not 128 <= options.memory <= 10240:
        reader.error("--memory: Lambda allows 128 to 10240 MB")
    if not 0 < options.timeout <= 900:
        reader.error("--timeout: Lambda allows 1 to 900 seconds")
    if not options.listen.rpartition(":")[2].isdecimal():
        reader.error("--listen needs [HOST:]PORT")
    if len(options.layer or []) > 5:
        reader.error("--layer: Lambda allows five layers")
    if any("=" not in pair or pair.startswith("=") for pair in options.env):
        reader.error("--env needs NAME=VALUE")
    if not 0 <= options.concurrency <= 1600:
        reader.error("--concurrency: Lambda allows 1 to 1600")
    if not 0 <= options.snapstart <= 16:
        reader.error("--snapstart takes 1 to 16 copies")
    if options.snapstart and (options.concurrency or options.tmp > 512):
        reader.error("--snapstart: Lambda allows it only with 512 MB of /tmp, and without --concurrency")
    if not options.runtime_api and (options.concurrency or options.snapstart or options.log_format):
        reader.error("--concurrency, --snapstart and --log-format need --runtime-api")
    options.log_format = options.log_format or ("JSON" if options.concurrency else "Text")
    if options.handler and not options.runtime_api:
        reader.error("--handler needs --runtime-api")
    if options.runtime_api and not options.handler:
        options.handler = "app.handler"
    return options


def command_of(options, root):
    if options.command:
        return options.command
    if root.entrypoint or root.command:
        # An image's command is its handler.
        own = [options.handler] if options.handler and root.command and root.entrypoint else root.command
        return [*root.entrypoint, *own]
    if options.runtime_api:
        return ["/var/runtime/bootstrap"]
    raise Failed("no command given, and the root is not an image with a command of its own")


def environment_of(options, root):
    result = {**variables.defaults(options), **root.variables}
    result.update(pair.partition("=")[::2] for pair in options.env)
    return result


def run_command(box, options, root):
    running = container.Container(box).start(command_of(options, root), environment_of(options, root))
    for number in namespaces.FORWARDED:
        signal.signal(number, lambda number, _: running.first.signal(number))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, namespaces.FORWARDED)
    status = running.first.wait()
    running.ended()
    if status == 137 and box.groups.killed_for_memory():
        print("lambda: out of memory (--memory %d)" % options.memory, file=sys.stderr)
    return status


def main(arguments):
    options = read(arguments)
    try:
        needs.provide(options)
        root = roots.find(options)

        def inside(scratch):
            box = sandbox.Sandbox(scratch, options, root)
            try:
                box.make()
                if options.runtime_api:
                    from . import service

                    return service.serve(box, options, command_of(options, root), environment_of(options, root))
                return run_command(box, options, root)
            finally:
                box.remove()

        return namespaces.run_inside(options.scratch, inside)
    except Failed as failure:
        print("lambda: %s" % failure, file=sys.stderr)
        return 125
