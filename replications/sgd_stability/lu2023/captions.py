"""Sentences of the page that depend on the run: formed from its statistics, settings and tables of curves."""

from dataclasses import dataclass

import pandas as pd

from replications.sgd_stability.lu2023.measure import LARGE, SMALL
from replications.sgd_stability.lu2023.theory import chance_of_a_dead_start, edge
from verifig.ground.numbers import count, text
from verifig.pages.page import Page

EDGE_BELOW, EDGE_ABOVE = 0.24, 0.26
SHOWN = (SMALL, EDGE_BELOW, LARGE)  # rates whose curves are drawn


@dataclass(frozen=True)
class Captions:
    """The page's run in words."""

    page: Page

    def at(
        self, statistic: str, rate: float, condition: str = "mixed", take: str = "mean", percent: bool = False
    ) -> str:
        """A statistic of the runs over rates as text."""
        return self.page.number("rates", statistic, {"condition": condition, "rate": rate}, take, percent)

    def setting(self) -> str:
        """What was trained."""
        s = self.page.settings("rates", "mixed")
        return (
            f"A sample has two patches of d = {s['dimension']} components: a strong one (y v, y u), a weak one (y v, noise), with |u| = 1, |v| = {s['weak_norm']:g} and noise of "
            f"standard deviation {s['noise']:g}. The network is f = F₊ − F₋, where F± is 1/m times the sum of relu(w · x)² over m = {s['width']} neurons and both patches; "
            f"the loss is (f − y)², batches are single samples, n = {s['samples']} of which {s['weak_samples']} are weak, {s['steps']:,} steps, learning rate c m / |u|². "
            f"{self.page.seeds('rates', 'mixed')} seeds. f = y is stable on strong samples for c below {edge():g}: close to the label a step multiplies y f − 1 by 1 − 8 c."
        )

    def accuracy_alt(self) -> str:
        """Accuracies at the two rates that are compared."""
        return (
            f"Accuracy over the learning rate. All test points: {self.at('accuracy', SMALL, percent=True)} at c = {SMALL:g}, {self.at('accuracy', LARGE, percent=True)} at c = {LARGE:g}. "
            f"Points with the weak feature alone: {self.at('weak_accuracy', SMALL, percent=True)} and {self.at('weak_accuracy', LARGE, percent=True)}; with shuffled signs "
            f"{self.at('weak_accuracy', LARGE, 'shuffled', percent=True)} at c = {LARGE:g}."
        )

    def accuracy_note(self) -> str:
        """What lines and shades are."""
        interval, values = self.page.paper("interval"), self.page.paper("synthetic")
        low, high = interval["rates"]
        return (
            f"Dashed: the paper's two accuracies ({values['source']}), whose rates are unknown to us. Shaded: c from {low:g} to {high:g}, the rates of its theory "
            f"({interval['source']}); dotted: the edge. Means over seeds with 95 % intervals."
        )

    def magnitude(self) -> str:
        """Whether the paper's accuracies are reached, and at which rates they are not."""
        paper = self.page.paper("synthetic")
        return (
            f"The paper's magnitude, {100 * paper['small']:g} and {100 * paper['large']:g} %, is not reached by this reconstruction at rates below the edge: at c = {EDGE_BELOW:g}, "
            f"{self.at('accuracy', EDGE_BELOW, percent=True)} of all test points are right. Above the edge, where strong samples oscillate, it is {self.at('accuracy', 0.3, percent=True)} at "
            f"c = 0.3 and {self.at('accuracy', LARGE, percent=True)} at c = {LARGE:g}, beside {self.at('accuracy', SMALL, percent=True)} at c = {SMALL:g}. That these lie near the paper's values is no "
            "reproduction: noise, initial weights, number of steps and the factor of the loss are ours. Part of the gain needs no oscillation: the "
            f"weak-only samples teach the weak feature at any rate, if training is long. At c = 0.05 and as much training time as at c = {LARGE:g}, "
            f"{self.page.number('patient', 'weak_accuracy', {'condition': 'base', 'rate': 0.05}, percent=True)} of the points with the weak feature alone are right."
        )

    def signal_alt(self) -> str:
        """Growth in the three conditions."""

        def told(condition: str) -> str:
            grown = ", ".join(f"{self.at('growth', rate, condition, 'median')} at c = {rate:g}" for rate in SHOWN)
            return f"{grown}"

        return (
            f"Weak component over steps on a log axis; end over start, medians. With weak-only samples: {told('mixed')}. Strong samples alone: {told('strong')}. "
            f"Shuffled signs: {told('shuffled')}."
        )

    def signal_note(self) -> str:
        """What is drawn."""
        return "The largest inner product of a neuron's weights with y v among the neurons of each sign, mean of both signs."

    def signal_prose(self) -> str:
        """What happens at the edge."""
        return (
            f"Trained on strong samples alone, the weak component ends in the median run at {self.at('growth', EDGE_BELOW, 'strong', 'median')} of its start at c = {EDGE_BELOW:g} and at "
            f"{self.at('growth', EDGE_ABOVE, 'strong', 'median')} at c = {EDGE_ABOVE:g}: what teaches the weak feature there is the oscillation and nothing else."
        )

    def oscillation_alt(self, series: pd.DataFrame, runs: pd.DataFrame) -> str:
        """Swings of the rates that are drawn."""
        swings = ", ".join(f"{self.at('swing', rate, 'strong')} at c = {rate:g}" for rate in SHOWN)
        return (
            f"Left: y f − 1 on a strong sample over the last steps of a run on strong samples. Right: mean |y f − 1| over the second half of training by rate; on strong samples alone {swings}; "
            f"with weak-only samples {self.at('swing', LARGE)} at c = {LARGE:g} and {self.at('swing', 0.4)} at c = 0.4."
        )

    def oscillation_note(self) -> str:
        """Where swings shrink again, and what the paper assumes."""
        grown = [self.at("growth", rate, take="median") for rate in (0.4, LARGE)]
        return (
            f"With weak-only samples the mean falls again at the largest rates, where the weak component grows most (median factor {grown[0]} at c = 0.4, {grown[1]} at c = {LARGE:g}). "
            "That strong samples go on oscillating is an assumption of the paper's theory, not a result of it."
        )

    def dead_start(self) -> str:
        """The run that starts without an active neuron, and what the others do."""

        def rest(name: str, rate: float, condition: str) -> str:
            return self.page.number("rates", f"{name}_of_the_rest", {"condition": condition, "rate": rate})

        dead = int(self.page.value("rates", "unlearned_runs", {"condition": "strong"}).iloc[0])
        if not dead:
            return ""
        width, seeds = self.page.settings("rates", "strong")["width"], self.page.seeds("rates", "strong")
        return (
            f"{count(dead, 'run')} of {seeds} at the small rate does not learn the strong samples of one label: none of its {width} neurons of that sign starts active on them, which has a "
            f"chance of {text(100 * chance_of_a_dead_start(width))} % a run. It can learn them through the weak feature alone, slowly, so that bo4 and bo5, which speak of every run, fail and "
            f"the controls ct2 and ct3 stay undecided. In the others |y f − 1| is at most {rest('largest_swing', SMALL, 'mixed')} at c = {SMALL:g}, and on strong samples alone the weak component ends at "
            f"{rest('largest_growth', EDGE_BELOW, 'strong')} of its start at most at c = {EDGE_BELOW:g} and at {rest('smallest_growth', EDGE_ABOVE, 'strong')} at least at c = {EDGE_ABOVE:g}. Bounds and seeds stay as they were set."
        )
