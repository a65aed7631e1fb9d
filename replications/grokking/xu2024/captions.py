"""Sentences of the page that depend on the run: formed from its statistics, settings and tables of curves."""

import math
from dataclasses import dataclass

import pandas as pd

from replications.grokking.xu2024 import theory
from replications.grokking.xu2024.plots import first_after
from verifig.ground.numbers import count, text
from verifig.judging import stats
from verifig.pages.figures import pick
from verifig.pages.page import MISSING, Page


@dataclass(frozen=True)
class Captions:
    """The page's run in words."""

    page: Page

    def at(self, experiment: str, statistic: str, take: str = "mean", percent: bool = True, **condition: object) -> str:
        """A statistic of this run as text."""
        return self.page.number(experiment, statistic, condition, take, percent)

    def setting(self) -> str:
        """What was trained."""
        s = self.page.settings("runs")
        norm = theory.mean_norm(s["signal"], s["dimension"], s["samples"])
        return (
            f"Here p = {s['dimension']:,}, n = {s['samples']} training and {s['test_size']} test points, m = {s['width']:,} neurons, means of "
            f"length {text(norm)}, {100 * s['flip']:g} % of the training labels flipped, initial weights of standard deviation "
            f"{s['initial_std']:g}, step size {s['learning_rate']:g}, {s['seeds']} runs."
        )

    def fig1_alt(self) -> str:
        """What both panels show."""

        def median(experiment: str, kind: str, step: int) -> str:
            return self.at(experiment, f"{kind}_accuracy", "median", step=step)

        rates = [f"{self.page.settings(name)['learning_rate']:g}" for name in ("runs", "small_step")]
        return (
            f"Accuracies against gradient steps plus one, medians over runs. Step size {rates[0]}: training accuracy {median('runs', 'train', 1)} after "
            f"one step, test accuracy {median('runs', 'test', 1)} after one and {median('runs', 'test', 15)} after 15 steps. Step size {rates[1]}: "
            f"training accuracy {median('small_step', 'train', 100)} and test accuracy {median('small_step', 'test', 100)} after 100 steps, test "
            f"accuracy {median('small_step', 'test', 20000)} after 20,000."
        )

    def fig1_note(self) -> str:
        """What lines are."""
        counts = [self.page.seeds(name) for name in ("runs", "small_step")]
        return (
            f"{counts[0]} runs on the left, {counts[1]} on the right; diamonds: the paper, whose curves are averages, read off. On average over runs "
            f"{self.page.number('runs', 'misclassified', {'step': 15})} % of the test points are misclassified at step 15 on the left. The right panel is followed until the test set "
            "is classified; the length of the paper's curves is unknown to us."
        )

    def fig2_alt(self, table: pd.DataFrame) -> str:
        """How many sign changes the networks have around the circle."""
        changes = {step: _sign_changes(part) for step, part in table.groupby("step")}
        told = ", ".join(f"{text(100 * (found == 2).mean())} % at step {step:g}" for step, found in changes.items())
        four = ", ".join(f"{text(100 * (found == 4).mean())} % at step {step:g}" for step, found in changes.items())
        return (
            "Sign of the network by direction in the plane of the cluster means, a row a run. Share of runs with two changes of sign around the circle, "
            f"as a linear classifier has: {told}; with four, as the task has: {four}."
        )

    def projections_alt(self, experiment: str, steps: list[int]) -> str:
        """Spreads along both means."""
        told = [
            f"{self.at(experiment, 'spread_ratio', 'median', False, step=step, neurons='positive')} at step {step:,}" for step in steps
        ]  # fmt: skip
        return (
            "Histograms of the inner products of positive neurons with both means, pooled over runs. Spread along μ₁ over spread along μ₂, "
            f"median over runs: {', '.join(told)}."
        )

    def linear_alt(self) -> str:
        """Agreement with the linear classifier, and accuracies of both."""
        return (
            f"Share of test points to which the network and the linear classifier give the same label, over steps: on average "
            f"{self.at('runs', 'linear_agreement', step=1)} after one step, {self.at('runs', 'linear_agreement', step=15)} after 15."
        )

    def linear_prose(self) -> str:
        """Test accuracies of both classifiers."""
        return (
            f"The linear classifier itself has a test accuracy of {self.at('runs', 'linear_accuracy')} on average: it gives opposite clusters of a class "
            f"opposite labels. The network's accuracy after one step is {self.at('runs', 'test_accuracy', step=1)}."
        )

    def stuck_alt(self, table: pd.DataFrame) -> str:
        """How the runs that stay behind are distributed."""
        tests = pick(table, set="test")
        told = [f"{_share_text(tests, step)} at step {step}" for step in (1, 15, 300) if step < tests["x"].max()]
        return f"Test accuracies over runs. Share of runs with at most 95 % (95 % interval): {', '.join(told)}."

    def _runs(self, told: object, statistic: str) -> str:
        """A number of runs that is the sum of a statistic over them."""
        return self.page.formed(f"{told}", "runs", f"{statistic}: number of runs of which it is 1")

    def stuck_prose(self) -> str:
        """What the runs that stay behind lack."""
        last = self.page.value("runs", "stuck", {"step": 300})
        worst = self.page.value("runs", "worst_cluster", {"step": 300})
        missed = self.page.value("runs", "missed", {"step": 300})
        recovered = self.page.value("runs", "recovered", {"since": 100})
        if not last.sum():
            return MISSING
        behind = worst[last == 1]
        lowest, highest = (
            self.page.formed(
                text(100 * value), "runs", f"worst cluster, step=300: {name} of the {len(behind)} runs that are stuck"
            )
            for value, name in ((behind.min(), "smallest"), (behind.max(), "largest"))
        )
        return (
            f"{self._runs(int(last.sum()), 'stuck')} of {count(len(last), 'run')} have a test accuracy of at most 95 % after 300 steps. Their worst cluster is classified with an "
            f"accuracy of {lowest} to {highest} %; in {self._runs(count(int(missed.sum()), 'run'), 'missed')} more than half of a cluster gets the "
            f"wrong label. The number of runs that leave the group between steps 100 and 300 is {self._runs(int(recovered.sum()), 'recovered')}."
        )

    def theory_prose(self) -> str:
        """How far the experiment lies from the theorem's assumptions."""
        s = self.page.settings("runs")
        return (
            f"The experiment does not meet that assumption. With means of length {s['signal']:g} √(p/n) two points of a cluster have a cosine "
            f"of {s['signal'] ** 2:g}/({s['signal'] ** 2:g} + n), here {text(theory.cluster_cosine(s['signal'], s['samples']))}, while "
            f"2/n² is {text(theory.near_orthogonal(s['samples']))}; a larger p does not help, since the means grow with it. The largest cosine of a "
            f"run is {self.at('runs', 'largest_cosine', percent=False)} on average. So the theorem describes what most of these runs do but "
            f"does not cover them, and what it says of test error (at most exp(−Ω(n^2.01)) from a few steps on) is not what the runs that stay behind show."
        )

    def outputs_prose(self) -> str:
        """How far the loss has fallen."""
        return (
            f"At the last step the largest output on the training set is {self.at('runs', 'largest_output', 'max', False)} in the worst run, so the loss "
            f"differs from log 2 = {text(math.log(2))} by about half of that and its slope is 1/2: fitting, overfitting and generalising all happen before the loss falls."
        )


def _share_text(tests: pd.DataFrame, step: int) -> str:
    values = tests.loc[tests["x"] == first_after(tests["x"], step) + 1, "value"]
    found = stats.share((values <= 0.95).to_numpy())
    return f"{text(100 * found.observed)} % ({text(100 * found.low)} to {text(100 * found.high)} %)"


def _sign_changes(part: pd.DataFrame) -> pd.Series:
    """Changes of sign around the circle, by run."""
    signs = part.pivot(index="seed", columns="x", values="value")
    turned = signs.to_numpy() != signs.to_numpy()[:, [*range(1, signs.shape[1]), 0]]
    return pd.Series(turned.sum(1), index=signs.index)
