"""What the page says about settings and results of a run."""

import numpy as np
import pandas as pd

from replications.scaling_laws.choshen2025 import published
from replications.scaling_laws.choshen2025.measure import CLOSE
from replications.scaling_laws.choshen2025.plots import FAMILIES, GOALS, size
from replications.scaling_laws.science.sentences import Values, choose, listed
from verifig.pages import marked
from verifig.pages.page import Page


def present(table: pd.DataFrame) -> list[str]:
    """Families of a table, in the order of the figures."""
    return [name for name in FAMILIES if name in set(table["family"])]


class Guide(Values):
    """Sentences on the experiments `extrapolation` and `across_families`."""

    def __init__(self, page: Page):
        super().__init__(page, "extrapolation")
        self.across = Values(page, "across_families")
        self.families = [name for name in FAMILIES if name in page.settings("extrapolation")["families"]]

    def one_model_families(self) -> list[str]:
        """Families of the figure on borrowed exponents."""
        return self.families + [name for name in ("olmo", "t5") if name not in self.families]

    def names(self) -> str:
        return listed([FAMILIES[name] for name in self.families])

    def agreement(self) -> str:
        """How many of the authors' cells are met."""
        printed = [name for name in self.families if name in published.ARE_FINAL]
        family = "all" if len(printed) > 1 else "".join(printed)
        which = {"family": family}
        share = self.exact("share_of_cells_equal", which)
        equal = self.said("{:.3g} % of", "share_of_cells_equal", which, 100)
        met = choose(share == 1, "All", equal, share)
        return (
            f"{met} the {self.said('{:.0f}', 'cells', which)} cells that the authors print for {listed([FAMILIES[name] for name in printed])} are met within {CLOSE} points of error; the largest "
            f"difference is {self.said('{:.2g}', 'worst_cell', which)} points."
        )

    def worst_window(self, windows: pd.DataFrame) -> str:
        """The window of three models that predicts worst, by family."""
        parts = []
        for name in present(windows):
            rows = windows[(windows["family"] == name) & (windows["models"] == 3) & windows["error"].notna()]
            if len(rows):
                worst = rows.loc[rows["error"].idxmax()]
                told = marked.of_table(f"{worst['error']:.1f} %", rows, "error", "largest of")
                place = marked.of_table(size(worst["largest"]), rows, "error", "window of the largest of")
                parts.append(f"{told} with the window that ends at {place} ({FAMILIES[name]})")
        return f"Of three consecutive models the worst error is {listed(parts)}." if parts else ""

    def best_start(self, starts: pd.DataFrame) -> str:
        """Which share of the beginning is best dropped, over the numbers of models."""
        parts = []
        for name in present(starts):
            rows = starts[(starts["family"] == name) & (starts["models"] > 2) & starts["error"].notna()]
            best = [100 * group.loc[group["error"].idxmin(), "start"] for _, group in rows.groupby("models")]
            span = f"{min(best):.0f} %" if min(best) == max(best) else f"{min(best):.0f} to {max(best):.0f} %"
            told = marked.of_table(span, rows, "start", "where the error is smallest for each number of models, of")
            parts.append(f"{told} ({FAMILIES[name]})")
        return f"By number of models, the error is lowest when {listed(parts)} of the beginning is dropped."

    def first_tokens(self, grid: pd.DataFrame, family: str) -> str:
        """Errors with the whole training, with and without the first tokens."""
        rows = grid[(grid["family"] == family) & (grid["models"] > 2) & (grid["share"] == grid["share"].max())]
        ends = rows.pivot(index="models", columns="grid", values="error")[["late_no_cut", "late"]].head(3)
        parts = [
            marked.of_table(
                f"{a:.1f} to {b:.1f} %", rows[rows["models"] == count], "error", "grids late_no_cut and late of"
            )
            + f" ({count} models)"
            for count, (a, b) in zip(ends.index, ends.to_numpy(), strict=True)
        ]
        return f"With the whole training the cut changes the error from {listed(parts)}."

    def one_model(self, *tables: pd.DataFrame) -> str:
        """Whether larger models predict better, and the range of errors, by family."""
        orders, ranges = {True: [], False: []}, []
        for table in tables:
            name = FAMILIES[table["family"].iloc[0]]
            rows = table[table["share"] == table["share"].max()].sort_values("size").iloc[:-1]
            rows = rows[np.isfinite(rows["error"])]
            ends = rows["error"].to_numpy()
            low, high = ends.min(), ends.max()
            flat = high - low < 0.005 * high
            span = f"{low:.3g} %" if flat else f"{high:.3g} to {low:.3g} %"
            ranges.append(f"{marked.of_table(span, rows, 'error', 'range of')} ({name})")
            if not flat:
                orders[bool((np.diff(ends) < 0).all())].append(name)
        told = f"From smaller models than the target and the whole training the errors are {listed(ranges)}."
        if orders[True]:
            told += f" Larger models predict better in {listed(orders[True])}."
        if orders[False]:
            told += f" They do not, one by one, in {listed(orders[False])}."
        return told

    def largest_model(self) -> str:
        """Error of the largest model from the four smallest, at its last checkpoint."""
        parts = [
            f"{self.said('{:.1f} %', 'error', {'family': name, 'grid': 'final', 'models': 4})} ({FAMILIES[name]})"
            for name in self.families
        ]
        return f"The largest model's last checkpoint (red) is predicted with an error of {listed(parts)}."

    def scale_down(self, grid: pd.DataFrame) -> str:
        """Range of errors of the smallest model, from three models or more and 40 % of training or more."""
        parts = []
        for name in present(grid):
            rows = grid[(grid["family"] == name) & (grid["grid"] == "scale_down") & (grid["models"] > 2)]
            rows = rows[(rows["share"] >= 0.4 - 1e-9) & rows["error"].notna()]
            span = f"{rows['error'].min():.1f} to {rows['error'].max():.1f} %"
            parts.append(f"{marked.of_table(span, rows, 'error', 'range of')} ({FAMILIES[name]})")
        return f"From three models or more and at least 40 % of training the errors are {listed(parts)}."

    def law_against_best(self, table: pd.DataFrame) -> str:
        """How the law compares with the best loss seen, over the numbers of models."""
        parts = []
        for name in present(table):
            rows = table[(table["family"] == name) & (table["models"] > 2)]
            ratio = rows["best"] / rows["law"]
            span = f"{ratio.min():.1f} to {ratio.max():.1f} times"
            parts.append(f"{marked.of_table(span, rows, 'best over law', 'range of')} ({FAMILIES[name]})")
        return f"From three models on, the error of the best loss seen is {listed(parts)} the law's."

    def finals(self) -> dict[str, tuple[float, float]]:
        """Errors in percent by family: (all checkpoints, last ones alone)."""
        kinds = ("error_all_checkpoints", "error_last_checkpoints")
        return {name: tuple(self.exact(kind, {"family": name}) for kind in kinds) for name in self.families}

    def checkpoints(self) -> str:
        """Whether the last checkpoints alone are worse, by family."""
        found = self.finals()
        parts = []
        for name in found:
            kinds = ("error_all_checkpoints", "error_last_checkpoints")
            every, last = (self.said("{:.1f} %", kind, {"family": name}) for kind in kinds)
            parts.append(f"{every} against {last} ({FAMILIES[name]})")
        better = [FAMILIES[name] for name, (every, last) in found.items() if last < every]
        told = f"All checkpoints against the last alone: {listed(parts)}."
        return told + (
            f" {listed(better)} is a counter-example: the last checkpoints alone predict better there."
            if better
            else ""
        )

    def lines(self) -> str:
        """Correlations within the two pairs of parameters."""
        pairs = ({"pair": pair, "fit": "routine"} for pair in ("a alpha", "b beta"))
        a, b = (self.across.said("{:.2f}", "correlation", pair) for pair in pairs)
        return f"The paper sees a line in both pairs; here the correlation of a and α is {a}, that of b and β {b}."

    def components(self) -> str:
        """What three principal components and the correlation are worth."""
        shuffled = self.across.said("{:.2f} %", "three_components", {"fit": "shuffled"}, 100)
        centred = self.across.said("{:.1f} %", "three_components", {"fit": "centred_standardised"}, 100)
        routine, everything = (
            self.across.exact("correlation", {"pair": "a alpha", "fit": fit}) for fit in ("routine", "all_sizes")
        )
        told_routine, told_everything = (
            self.across.said("{:.2f}", "correlation", {"pair": "a alpha", "fit": fit})
            for fit in ("routine", "all_sizes")
        )
        told = (
            f"With every parameter **shuffled over families** three components still explain {shuffled} of the variance; "
            f"after centring the logs and standardising them it is {centred}. The correlation of a with α "
            f"is {told_routine} by the authors' routine and {told_everything} when all models and all tokens are fitted"
        )
        tail = choose(
            abs(routine - everything) > 0.1,
            ": it depends on the routine.",
            ": it does not depend on the routine.",
            routine,
            everything,
        )
        return told + tail

    def goals(self) -> str:
        return listed([f"{goal}" for goal in GOALS])
