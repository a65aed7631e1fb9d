"""What the page says about settings and results of a run."""

import itertools

import numpy as np
import pandas as pd

from replications.scaling_laws.bahri2024 import theory
from replications.scaling_laws.bahri2024.plots import one_kind
from replications.scaling_laws.science.sentences import Values, choose, listed, shown
from verifig.ground import numbers
from verifig.judging import stats
from verifig.pages import marked
from verifig.pages.page import Page

PIXELS = 28  # side of an MNIST image


def with_interval(found: stats.Interval, digits: int = 3) -> str:
    """`0.81 [0.74, 0.88]`."""
    return f"{shown(found.observed, digits)} {numbers.interval(found.low, found.high, digits)}"


class Theory(Values):
    """Sentences on the experiments `kernels`, `finite_networks`, `teacher_student` and `student_sweep`."""

    def __init__(self, page: Page):
        super().__init__(page, "kernels")
        self.settings = page.settings("kernels")
        self.networks, self.network_settings = Values(page, "finite_networks"), page.settings("finite_networks")
        self.students = page.settings("teacher_student")

    def duality(self, table: pd.DataFrame) -> str:
        largest = marked.of_table(shown(table["difference"].max()), table, "difference", "largest of")
        equal = int((table["difference"] == 0).sum())
        zeros = marked.of_table(str(equal), table, "difference", "those equal to 0 among")
        return f"The largest of {len(table)} relative differences is {largest}" + (
            f"; {zeros} are exactly 0 (open circles)." if equal else "."
        )

    def power(self, table: pd.DataFrame) -> str:
        """The mean ratio of loss and theory that is farthest from 1."""
        ratio = (table["value"] / table["expected"]).groupby([table["alpha"], table["x"]]).mean()
        alpha, samples = (ratio - 1).abs().idxmax()
        rows = table[(table["alpha"] == alpha) & (table["x"] == samples)]
        told = marked.of_table(f"{ratio[alpha, samples]:.3f}", rows, "value over expected", "mean over")
        place = marked.of_table(
            f"α = {alpha:g} and D = {samples}",
            table,
            "value over expected",
            "where the mean over draws is farthest from 1, of",
        )
        return f"The mean ratio that is farthest from 1 is {told}, at {place}."

    def variance(self, table: pd.DataFrame) -> str:
        """Mean ratios to the exact expectation."""
        ratio = (table["value"] / table["expected"]).groupby(table["x"]).mean()
        low, high = (
            marked.of_table(f"{value:.3f}", table, "value over expected", f"{name} mean at one x, of")
            for value, name in ((ratio.min(), "smallest"), (ratio.max(), "largest"))
        )
        return f"Mean ratios to the exact expectation lie between {low} and {high}."

    def mnist(self) -> str:
        """Exponents in data and parameters beside theory, by pooling."""
        parts = []
        for pool in self.settings["feature_pools"]:
            names = ("mnist_data_exponent", "mnist_parameter_exponent", "mnist_theory_exponent")
            found = (
                self.page.told(f"{self.mean(name, {'pool': pool}).observed:.3f}", "kernels", name, {"pool": pool})
                for name in names
            )
            parts.append(f"{', '.join(found)} (pool {pool})")
        return f"Exponents in data, in parameters and by theory, means over draws: {'; '.join(parts)}."

    def kernels(self, points: pd.DataFrame) -> str:
        """How far the data exponents lie from the theory of the whole spectrum."""
        middle = points.groupby(["pool", "depth"])[["spectral", "theory", "data"]].mean()
        gaps = {name: (middle["data"] - middle[name]).abs() for name in ("spectral", "theory")}
        pool, depth = gaps["theory"].idxmax()
        place = marked.of_table(
            f"pool {pool}, depth {depth}", points, "data less theory", "where the mean over draws is largest, of"
        )
        spectral, theory_ = (
            marked.of_table(f"{gap.max():.2f}", points, f"data less {name}", "largest mean over draws, of")
            for name, gap in gaps.items()
        )
        return (
            f"The data exponent differs from the fitted α_K by up to {spectral}, from the theory of the whole "
            f"spectrum by up to {theory_} ({place})."
        )

    def ranks(self) -> str:
        found = self.page.value("kernels", "rank_correlation", {"set": "all"})
        value = found.median() if len(found) else float("nan")
        told = self.page.told(f"{value:.2f}", "kernels", "rank_correlation", {"set": "all"}, take="median")
        return f"The rank correlation of α_D and α_K over all kernels is {told} (median over draws)."

    def exponent(self, which: str) -> str:
        """`0.81 [0.74, 0.88]` of the data or of the width experiment."""
        told = with_interval(self.networks.mean(f"{which}_exponent"))
        return self.page.told(told, "finite_networks", f"{which}_exponent")

    def against_one(self, which: str) -> str:
        """Whether the paper's exponent 1 lies in the interval of ours."""
        found = self.networks.mean(f"{which}_exponent")
        side = "slower" if found.observed < 1 else "faster"
        return choose(
            found.low <= 1 <= found.high,
            f"Ours, {self.exponent(which)}, agrees with the paper's exponent 1.",
            f"**Ours, {self.exponent(which)}, is not the paper's exponent 1**: the excess falls {side}.",
            found.observed,
        )

    def undefined(self, which: str) -> str:
        """Units whose exponent is undefined because an excess loss is not positive."""
        values = self.page.value("finite_networks", f"{which}_exponent")
        lost = int(values.isna().sum())
        told = self.page.told(str(lost), "finite_networks", f"{which}_exponent", take="count")
        return f" {told} of {len(values)} units have no exponent: an excess loss is not positive." if lost else ""

    def local_exponents(self, table: pd.DataFrame) -> str:
        """Exponents between neighbouring sizes of the mean curve."""
        means = table.groupby("x")["value"].mean()
        steps = -np.diff(np.log(means.to_numpy())) / np.diff(np.log(means.index.to_numpy(float)))
        pairs = itertools.pairwise(means.index)
        parts = [
            marked.of_table(
                f"{step:.2f}",
                table[table["x"].isin(pair)],
                "value",
                f"slope of the means at x = {pair[0]} and {pair[1]}, of",
            )
            for step, pair in zip(steps, pairs, strict=True)
        ]
        told = f"Between neighbouring sizes the mean falls with exponents {listed(parts)}"
        nearer = abs(steps[-1] - 1) < abs(steps[0] - 1)
        return told + ("; it comes nearer to 1 as they grow." if nearer and len(steps) > 1 else ".")

    def network(self) -> str:
        """Shape of the data experiment's networks."""
        s = self.network_settings
        inputs, width = (PIXELS // s["pool"]) ** 2, s["data_width"]
        return f"{inputs}-{width}-{width}-10 ReLU networks, {s['data_steps']} full-batch steps"

    def dimensions(self, exponents: pd.DataFrame) -> str:
        """4/alpha by dimension, and which of them the paper's line misses."""
        exponents = one_kind(exponents)
        inverse = exponents.assign(value=theory.nearest_neighbour_exponent(1) / exponents["value"])
        found = {int(d): stats.mean(rows["value"].to_numpy(float)) for d, rows in inverse.groupby("x")}
        rows = {d: exponents[exponents["x"] == d] for d in found}
        parts = [
            f"{marked.of_table(with_interval(each, 2), rows[d], '4 over value', 'mean with 95 % interval of')} at d = {d}"
            for d, each in found.items()
        ]
        missed = [f"d = {d}" for d, each in found.items() if not each.low <= d <= each.high]
        told = f"4/α is {listed(parts)}."
        return told + (f" **The paper's line 4/α = d misses our interval at {listed(missed)}.**" if missed else "")

    def student_setting(self) -> str:
        s = self.students
        samples, width = s["sample_sizes"], s["student_widths"][0]
        return (
            f"Teachers of width {s['teacher_width']}, students of width {width}, {s['steps']:,} steps, {samples[0]:,} to "
            f"{samples[-1]:,} samples, {s['seeds']} seeds."
        )
