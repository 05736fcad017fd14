# SPDX-License-Identifier: MIT
"""A figure is one line of the report: a variant against its reference."""
import statistics
from dataclasses import dataclass


@dataclass
class Figure:
    """A variant against its reference. Times are nanoseconds; counts have the unit "instructions", "faults" or "MiB"."""

    section: str
    name: str
    variant: str
    reference: str
    value: float
    reference_value: float
    ratio: float
    low: float  # the quartiles of the rounds' ratios
    high: float
    unit: str = "ns"
    budget: float = 0  # 0: there is none
    slack: float = 0  # what may come on top of the budget, in the figure's unit
    rounds: int = 0

    @property
    def verdict(self):
        if not self.budget:
            return ""
        if self.ratio <= self.budget:
            return "PASS"
        more = self.value - self.reference_value
        if self.slack and more <= self.slack:  # the medians may differ the other way than the rounds do
            return "PASS, by %.1f ns" % more if more > 0 else "PASS within the noise"
        if self.low <= self.budget:
            return "PASS within the noise"
        return "MISSED by %.1f %%" % (100 * (self.ratio / self.budget - 1))


def figure(section, name, variant, reference, values, references, **more):
    """A figure from values that belong together pairwise."""
    ratios = [a / b for a, b in zip(values, references)]
    low, _, high = statistics.quantiles(ratios, n=4) if len(ratios) > 1 else (ratios[0],) * 3
    return Figure(
        section,
        name,
        variant,
        reference,
        statistics.median(values),
        statistics.median(references),
        statistics.median(ratios),
        low,
        high,
        rounds=len(ratios),
        **more,
    )
