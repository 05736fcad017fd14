# SPDX-License-Identifier: MIT
"""The figures of section daemon: which rows are compared with what, and their goals."""
from figures import figure

# At most this, of devshmd against passthrough_ll, and of devshmd with passthrough against passthrough_hp. Other rows: 1.
GOALS = {
    "create+unlink": (0.75, 0.65),
    "open+close": (0.1, 0.4),
    "stat of an absent name": (0.1, 0.1),
    "readdir of 1,000 names": (0.2, 0.2),
    "life of a semaphore": (0.85, 0.75),
    "life of shared memory": (0.8, 0.6),
    "open by 1,000 processes": (0.1, 0.1),
}
# With a recording, against passthrough_ll: half of what it was before devshmd was made faster.
RECORDING_GOALS = {"create+unlink": 1.42, "open+close": 1.71}
LOW_LATENCY_GOAL = 1.15  # against the responder
MILLION, MILLION_GOAL = "10^6 opens by 1,000 processes", 2.0  # against the tmpfs


def section_of(variant):
    """Which table it is in."""
    if "low latency" in variant or "awake" in variant:
        return "daemon, low latency"
    return "daemon, recording" if "recording" in variant else "daemon"


def figures(times):
    """From {row: {mount: [time of each round]}}."""
    made = []

    def add(section, row, variant, reference, **more):
        taken = times[row]
        if variant in taken and reference in taken:
            made.append(figure(section, row, variant, reference, taken[variant], taken[reference], **more))

    for row, taken in times.items():
        for variant in taken:
            if variant != "tmpfs":
                add(section_of(variant), row, variant, "tmpfs", **({"budget": MILLION_GOAL} if row == MILLION else {}))
        cached, passthrough = GOALS.get(row, (1.0, 1.0))
        add("daemon, goals", row, "devshmd", "passthrough_ll", budget=cached)
        add("daemon, goals", row, "devshmd, passthrough", "passthrough_hp", budget=passthrough)
        add("daemon, goals", row, "devshmd, recording", "passthrough_ll", budget=RECORDING_GOALS.get(row, 0))
        for variant, reference in (
            ("devshmd, low latency", "responder, awake"),
            ("devshmd, passthrough, low latency", "responder with opens, awake"),
        ):
            add("daemon, goals", row, variant, reference, budget=LOW_LATENCY_GOAL)
    return made
