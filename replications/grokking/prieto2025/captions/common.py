"""What all captions share: definitions, the task of a run, its statistics as text."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from replications.grokking.prieto2025.measuring.levels import COLLAPSE, FIT, SOLVED
from verifig.pages.page import Page

ONLY_PAPER = "Trained at paper scale only: the points are read off the authors' output, no run of ours is drawn."
OPERATIONS = {"add": "addition", "subtract": "subtraction", "product": "multiplication"}
Caption = dict[str, str | Callable[[], str]]


def definitions() -> str:
    """Labels, levels, and what a number is the mean of."""
    return (
        "In labels p is the modulus, lr the learning rate, and beta2 the rate at which Adam's second moment decays; perpAdamW and perpSGD are "
        f"AdamW and SGD with the projected gradient. A set counts as learnt, or fitted, at an accuracy of {100 * FIT:g} % ({100 * SOLVED:g} % under Figure 5). The "
        "delay ratio is the epoch at which the test set is learnt over that of the training set. A sample counts as collapsed, as in the authors' code, "
        "where its exponentials sum to exactly 1 once the largest logit is subtracted, whether or not that is the logit of the correct class; the epoch "
        f"of collapse is that at which {100 * COLLAPSE:g} % of the training samples have collapsed. Unless said otherwise, numbers in sentences and "
        "captions are means over seeds."
    )


@dataclass(frozen=True)
class Run:
    """One experiment of the page's run; `names` maps conditions to labels."""

    page: Page
    experiment: str

    def used(self, condition: str) -> dict:
        """Settings of a condition."""
        return self.page.settings(self.experiment, condition)

    def task(self, condition: str) -> str:
        """`addition modulo 53, 60 % of the pairs, width 128, 300 epochs, 5 seeds`: what a run was."""
        used = self.used(condition)
        return (
            f"{OPERATIONS[used['operation']]} modulo {used['modulus']}, {100 * used['train_fraction']:g} % of the pairs, width {used['width']}, "
            f"{used['epochs']:,} epochs, {self.seeds(condition)}"
        )

    def seeds(self, condition: str) -> str:
        """`3 seeds`, `1 seed`."""
        count = self.page.seeds(self.experiment, condition)
        return f"{count} seed{'' if count == 1 else 's'}"

    def seeds_of(self, names: Mapping[str, str]) -> str:
        """`5 seeds`, or `5 seeds (float32), 3 seeds (float64)` where conditions differ."""
        counts = {label: self.seeds(condition) for condition, label in names.items()}
        if len(set(counts.values())) == 1:
            return next(iter(counts.values()))
        return ", ".join(f"{count} ({label})" for label, count in counts.items())

    def of(self, statistic: str, condition: str, take: str = "mean", percent: bool = False, **more: object) -> str:
        """A statistic of one condition as text."""
        return self.page.number(self.experiment, statistic, {"condition": condition, **more}, take, percent)

    def by_label(self, statistic: str, names: Mapping[str, str], take: str = "mean", percent: bool = False) -> str:
        """`3.1 % (float16), 5.2 % (float32)`."""
        return ", ".join(f"{self.of(statistic, name, take, percent)} ({label})" for name, label in names.items())

    def final(self, condition: str, which: str = "test", take: str = "mean") -> str:
        """Test or train accuracy at the end, in percent."""
        return self.of(f"final_{which}_accuracy", condition, take, percent=True)

    def points(self, statistic: str, condition: str, take: str = "mean") -> str:
        """A difference of accuracies as text: `33.1 points`."""
        return self.of(statistic, condition, take, percent=True).replace(" %", " points")

    def mean(self, statistic: str, condition: str) -> float:
        """The mean over seeds as a number; NaN if there is none."""
        return float(self.page.value(self.experiment, statistic, {"condition": condition}).mean())
