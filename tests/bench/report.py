# SPDX-License-Identifier: MIT
"""The report: a table to read, a plot to look at, and what has become worse."""
# How much larger than before a ratio may be, as noise: its quartiles must also be apart.
TOLERANCE = {"ns": 1.05, "instructions": 1.0, "faults": 1.02, "MiB": 1.05}

# Low latency takes the same requests as without it, and what the responder takes is of interest only beside its times.
REQUEST_COLUMNS = ["devshmd", "passthrough_ll", "devshmd, recording", "devshmd, passthrough", "passthrough_hp"]


def number(value, unit):
    if unit != "ns":
        return "%.0f" % value
    for size, name in ((1e9, "s"), (1e6, "ms"), (1e3, "µs")):
        if value >= size:
            return "%.3g %s" % (value / size, name)
    return "%.3g ns" % value


def key(figure):
    return "%s: %s: %s against %s" % (figure["section"], figure["name"], figure["variant"], figure["reference"])


def table(figures):
    rows = [["section", "what", "variant", "against", "", "reference", "ratio", "quartiles", "budget", ""]]
    for f in figures:
        rows.append(
            [
                f.section,
                f.name,
                f.variant,
                f.reference,
                number(f.value, f.unit),
                number(f.reference_value, f.unit),
                "%.3f" % f.ratio,
                "%.3f to %.3f" % (f.low, f.high),
                "%.2f" % f.budget if f.budget else "",
                f.verdict,
            ]
        )
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows)


def markdown(figures, section):
    """One section's figures as a table: a row for what is measured, a column for each variant's ratio."""
    figures = [f for f in figures if f.section == section]
    columns = list(dict.fromkeys((f.variant, f.reference) for f in figures))
    one_budget = len({f.budget for f in figures if f.budget}) == 1  # then the text around the table says it
    rows = [["what", "reference", *("%s / %s" % column for column in columns)]]
    rows.append(["---"] + ["--:"] * (len(columns) + 1))
    for name in dict.fromkeys(f.name for f in figures):
        of = {(f.variant, f.reference): f for f in figures if f.name == name}
        one = next(iter(of.values()))
        cells = []
        for column in columns:
            f = of.get(column)
            cells.append(
                ""
                if not f
                else "%.2f" % f.ratio
                if f.unit != "ns" or f.ratio > 4
                else "%.3f (%.2f–%.2f)" % (f.ratio, f.low, f.high)
            )
            if f and f.verdict:
                cells[-1] += (" " if one_budget else " ≤ %g: " % f.budget) + f.verdict
        # The first column's reference: another one's is in its ratio.
        rows.append(
            [name, "%s %s" % (number(one.reference_value, one.unit), one.unit if one.unit != "ns" else ""), *cells]
        )
    return "\n".join("| " + " | ".join(cell.strip() for cell in row) + " |" for row in rows)


def requests_table(requests, columns):
    """What requests an operation takes, as {file system: {row: text}} says; without the rows that take none anywhere."""
    columns = [column for column in columns if column in requests]
    rows = [["what", *columns], ["---"] * (len(columns) + 1)]
    for name in dict.fromkeys(name for column in columns for name in requests[column]):
        cells = [requests[column].get(name, "") for column in columns]
        if set(cells) - {"", "none"}:
            rows.append([name, *cells])
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def made(result):
    """When and where it was measured."""
    machine = result["machine"]
    text = "%s: %d processors (%s), Linux %s, %s" % (
        result["date"],
        machine["cpus"],
        machine["machine"],
        ".".join(machine["kernel"].split(".")[:2]),
        machine["libc"],
    )
    load = machine.get("load", 0)
    return text + ("; other work was running (load %.0f)." % load if load > machine["cpus"] / 2 else ".")


def write_document(result, figures, file):
    """Puts the tables into the document, each between its section's marks. The text around them is written by hand."""
    text = file.read_text()
    filled = {"made": made(result)}
    filled.update({section: markdown(figures, section) for section in dict.fromkeys(f.section for f in figures)})
    if result.get("requests"):
        filled["daemon, requests"] = requests_table(result["requests"], REQUEST_COLUMNS)
    for section, table_text in filled.items():
        begin, end = "<!-- bench: %s -->\n" % section, "<!-- end -->"
        head, found, rest = text.partition(begin)
        if found:
            text = head + found + table_text + "\n" + rest[rest.index(end) :]
    file.write_text(text)


def frame(ratios):
    """The plot's limits, and what is written at its axis. Every ratio is inside, and round numbers are, on both sides of 1.

    A quartile may be anywhere: its bar goes on beyond the frame, which is seen."""
    left, right = min(1 / 5, min(ratios) / 1.5), max(5, 1.5 * max(ratios))
    numbers = [step * 10.0**power for power in range(-6, 7) for step in (1, 2, 5)]
    return left, right, [number for number in numbers if left <= number <= right]


def plot(figures, file):
    """The ratios of devshm and of devshmd, a row each, with the quartiles; a budget is a line across its row."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "devshm"
    matplotlib.rcParams["svg.fonttype"] = "none"
    from matplotlib import pyplot

    shown = [
        f
        for f in figures
        if f.unit == "ns" and (f.section.startswith("daemon") or (f.variant == "devshm" and f.reference != "tmpfs"))
    ][::-1]
    if not shown:
        return
    _, axes = pyplot.subplots(figsize=(9, 1 + 0.24 * len(shown)))
    for row, f in enumerate(shown):
        axes.plot([f.low, f.high], [row, row], color="#9db8d9", linewidth=4, solid_capstyle="butt")
        axes.plot([f.ratio], [row], "o", color="#b03030" if f.verdict.startswith("MISSED") else "#1f4e8c", markersize=4)
        if f.budget:
            axes.plot([f.budget, f.budget], [row - 0.4, row + 0.4], color="black", linewidth=1)
    axes.axvline(1, color="#999999", linewidth=0.6)
    names = ["%s: %s" % (f.variant if f.section.startswith("daemon") else f.section, f.name) for f in shown]
    axes.set_yticks(range(len(shown)), names, fontsize=7)
    axes.set_xlabel("devshm / reference: median and quartiles of the rounds; black: the budget")
    axes.set_xscale("log")
    left, right, ticks = frame([f.ratio for f in shown])
    axes.set_xlim(left, right)
    axes.set_xticks(ticks, ["%g" % tick for tick in ticks])
    axes.minorticks_off()
    axes.margins(y=0.01)
    pyplot.tight_layout()
    pyplot.savefig(file, metadata={"Date": None})


def compare(earlier, figures):
    """A line for each ratio that is worse than it was, beyond both runs' noise."""
    before = {key(f): f for f in earlier["figures"]}
    worse = []
    for f in figures:
        old = before.get(key(vars(f)))
        if (
            f.variant.startswith("devshm")
            and old
            and f.ratio > old["ratio"] * TOLERANCE[f.unit]
            and f.low >= old["high"]
        ):
            worse.append("%s: %.3f, and it was %.3f" % (key(vars(f)), f.ratio, old["ratio"]))
    return worse
