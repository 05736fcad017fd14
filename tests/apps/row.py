# SPDX-License-Identifier: MIT
"""What the table of docs/programs.md says of a program: it is run in all places, and what came out is compared."""
import collections
import pathlib
import re
import signal

import page
from parity.engine import Comparison, Known, in_any_order
from program import Failed

TOP = pathlib.Path(__file__).resolve().parent.parent.parent

# Parts of messages that are others in the next run.
UNSTEADY = re.compile(
    r"^\d{4}-\S+ \S+ \S+ \[\d+\] |^\[[^][]*:\d+\] +"  # when and which process
    r"|\d+:\w \d+ \w+ \d{4} [\d:.]+ # "  # as Redis has it
    r"|(?<=PostgreSQL\.)\d+|(?<=/psm_)[0-9a-f]+|(?<=/osc_sm\.)\S+| @ 0x[0-9a-f]+"
)


class Compared(Comparison):
    """What a program said somewhere, with what it said natively: the same lines, in any order."""

    def __init__(self, program, native, done, store=""):
        self.odd = []
        super().__init__(
            [Known(reason, pattern) for pattern, reason in program.differing], on=store, say=self.odd.append
        )
        self.compare(*in_any_order(native.stdout, done.stdout))
        self.done = done

    def works(self):
        return self.done.returncode == 0 and not self.failed

    def must_work(self, where):
        if not self.works():
            said = f"{where}: {cause(self.done)}: {self.done.stderr[-2000:]}{self.done.stdout[-500:]}"
            raise Failed("\n  ".join([said, *self.odd[:20]]))

    def differing(self):
        """How many lines differ, by the reason that is known for it."""
        lines = {known.reason: collections.Counter(each.result for each in known.settled) for known in self.known}
        return {reason: max(counts.values()) for reason, counts in lines.items() if counts}


def reached(program, seen):
    """What the table says of the accesses that the kernel has seen; raises Failed if there should be none."""
    known = {
        reason: [access for access in seen if re.search(pattern, access["path"])]
        for pattern, reason in program.reaching
    }
    lines = sorted(
        {
            f"{access['program']}: {access['operation']} {access['path']}"
            for access in seen
            if not any(access in of for of in known.values())
        }
    )
    if lines:
        raise Failed("these reached the kernel:\n  " + "\n  ".join(lines[:20]))
    return "; ".join(f"{len(of)}: {reason}" for reason, of in known.items() if of) or "no access"


def last(done, native=""):
    """What it said last; the first line that is not the native one, if it did end well."""
    if done.returncode == 0:
        return next((line for line in done.stdout.splitlines() if line not in native.splitlines()), "less comes out")
    said = [line.strip() for line in (done.stderr + "\n" + done.stdout).splitlines() if line.strip()]
    named = re.compile(r"(?!at ).*(Error|has failed|Exception|No such file|could not|Function not implemented)")
    telling = [line for line in said if named.match(line)]
    return shown((telling or said or [cause(done)])[-1])


def shown(line):
    return UNSTEADY.sub("", line.strip().replace(f"{TOP}/", ""))[:150]


def cause(done):
    """What ended it; a shell says the same of a program that it has started."""
    number = -done.returncode if done.returncode < 0 else done.returncode - 128
    return signal.strsignal(number) if 0 < number < 65 else f"status {done.returncode}"


def without(program, places, native):
    """How it ended without devshm, and the line that tells why; none if it works as it is expected to."""
    done, _ = places.without(program)
    works = Compared(program, native, done).works()
    if works and (program.is_small or not program.about["unneeded"]):
        raise Failed(f"works {'with 64 MB' if program.is_small else 'without devshm'} as well: that shows nothing")
    if not works and program.about["unneeded"]:
        raise Failed(f"said to work without /dev/shm, and does not: {last(done)}")
    if works:
        return None
    if not program.is_small:
        return last(done, native.stdout)
    said = f"{done.stderr}\n{done.stdout}\n{cause(done)}"
    for line in said.splitlines():
        if re.search(program.say("small"), line):
            return shown(line)
    raise Failed(f"with 64 MB it fails in another way: {said[-2000:]}")


def must_be_refused(program, done):
    """The reason, where the program fails in container/lambda as it says."""
    said, reason = program.say("refused").split(": ", 1)
    if done.returncode == 0 or not re.search(said, done.stderr + done.stdout):
        raise Failed(f"in container/lambda it should be refused: {cause(done)}: {done.stderr[-500:]}")
    return f"refused: {reason}"


def on_lambda(program, places, native, stores):
    """The table's cell for container/lambda."""
    if not program.about["lambda"]:
        return "not tried"
    for store in ["memory"] if program.is_small else stores:  # a small one shares more than /tmp has room for
        done = places.on_lambda(program, store)
        if program.about["refused"]:
            return must_be_refused(program, done)
        Compared(program, native, done, store).must_work(f"in container/lambda with devshm ({store})")
    bare = places.on_lambda(program)
    works = Compared(program, native, bare).works()
    if works != bool(program.about["unneeded"]):
        raise Failed(f"in container/lambda, without devshm: {'works as well' if works else last(bare)}")
    return "works, with and without" if works else f"works; without `{last(bare, native.stdout)}`"


def objects(store, program, stored):
    """Says what the objects were made as; raises Failed if they should be memory and none of them is."""
    if stored:
        print(", ".join(f"{number} objects: {what}" for what, number in stored.most_common()), end=", ", flush=True)
    is_excused = bool(program.about["never_memory"])
    if store == "memory" and bool(stored["memory"]) == is_excused:
        what = "an object was memory, which it says never happens" if is_excused else "none of its objects was memory"
        raise Failed(f"with DEVSHM_STORE=memory {what}")


def of(program, places, rounds, stores):
    """The program's row; raises Failed. The time is that of the first store."""
    native, took = places.native(program)
    native_took, devshm_took = [took], {store: [] for store in stores}
    if native.returncode:
        raise Failed(f"natively: {native.stderr[-2000:]}{native.stdout[-500:]}")
    died = without(program, places, native)
    if program.is_small:
        done = places.beside(program)
        Compared(program, native, done, "memory").must_work("with devshm beside 64 MB")

    for turn in range(rounds):  # side by side: what else the machine does is to slow both down
        if turn:
            native_took.append(places.native(program)[1])
        for store in stores:
            done, took, seen, stored = places.devshm(program, store)
            devshm_took[store].append(took)
            compared = Compared(program, native, done, store)
            compared.all_known_occur()
            compared.must_work(f"with devshm ({store})")
            kernel_saw = reached(program, seen)
            objects(store, program, stored)

    differing = compared.differing()
    count = len(native.stdout.splitlines()) - sum(differing.values())
    same = f"the same {count} results" if count > 1 else "the same result"
    return page.Row(
        program.say("program"),
        program.version(),
        program.say("uses"),
        f"`{died}`" if died else "works: " + program.say("unneeded"),
        same + "".join(f"; {lines} differ: {reason}" for reason, lines in differing.items()),
        kernel_saw,
        on_lambda(program, places, native, stores),
        f"{min(devshm_took[stores[0]]) / min(native_took):.2f}",
    )
