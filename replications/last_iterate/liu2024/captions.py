"""Sentences of the page that depend on the run: formed from its statistics, settings and tables of curves."""

from dataclasses import dataclass

from replications.last_iterate.liu2024.measure import FROM, TO
from replications.last_iterate.science import hard, laws
from verifig.ground.numbers import text
from verifig.pages.page import Page

NAMES = {
    "inverse_root": "1/√t",
    "constant": "1/√T at every step",
    "linear_decay": "linear decay",
    "tight_decay": "linear decay",
}


@dataclass(frozen=True)
class Captions:
    """The page's run in words."""

    page: Page

    def worst(self, statistic: str, take: str = "mean", digits: int | None = None, **place: object) -> str:
        """A statistic of the worst case as text."""
        return self.page.number("worst_case", statistic, place, take, digits=digits)

    def sharp(self, statistic: str, **place: object) -> str:
        """A statistic of the norm at the longest horizon as text."""
        return self.page.number("noisy", statistic, {"horizon": self.page.settings("noisy")["horizons"][-1]} | place)

    # ---- the logarithm ---------------------------------------------------------------------------------------------
    def logarithm_alt(self) -> str:
        """Ends of the lines."""
        top = self.page.settings("worst_case")["horizons"][-1]
        ends = ", ".join(
            f"{self.worst('last', horizon=top, schedule=name)} with {NAMES[name]}"
            for name in ("inverse_root", "constant", "linear_decay")
        )
        return (
            f"√T f at the last iterate over the number of steps T. At T = {top:,}: {ends}. Averages under steps 1/√t stay between {self.worst('smallest', iterate='average')} and "
            f"{self.worst('largest', iterate='average')} (all iterates), {self.worst('smallest', iterate='suffix')} and {self.worst('largest', iterate='suffix')} (second half)."
        )

    def logarithm_note(self) -> str:
        """What is drawn."""
        s = self.page.settings("worst_case")
        return (
            "f is the largest of T + 1 linear functions on the unit ball of T dimensions, so that each T is another problem. Dashed: the lower bound of the construction. "
            f"Right: bands are the range over {s['seeds']} random orders of preference among ties."
        )

    def logarithm_prose(self) -> str:
        """Growth, its limit, and what linear decay must not do without."""
        grown = {
            name: self.worst("growth", schedule=name)
            for name in ("inverse_root", "constant", "linear_decay", "late_decay")
        }
        slope = self.worst("long_slope", schedule="inverse_root", digits=5)
        return (
            f"Between T = {FROM} and {TO:,}, √T f grows per unit of ln T by {grown['inverse_root']} with steps 1/√t and by {grown['constant']} with constant steps, and with linear decay by "
            f"{grown['linear_decay']}. Where step t meets row t, as in {self.page.number('worst_case', 'in_order_share', percent=True)} of the runs here, the last iterate has a closed form (derived here). By it the growth comes to 3/64 = {text(hard.LOG_SLOPE, 5)} with the "
            f"first two, and is {slope} with 1/√t between T = {self._long()}; with linear decay √T f comes to 13/384 = {text(hard.DECAY_LIMIT)}. Linear decay has to come to its end: laid out for "
            f"2T steps and cut at T, it leaves a growth of {grown['late_decay']}."
        )

    def _long(self) -> str:
        first, last = self.page.settings("worst_case")["long_horizons"][-2:]
        return f"{first:,} and {last:,}"

    def ties(self) -> str:
        """What the adversary hangs on."""
        s = self.page.settings("worst_case")
        size = s["dense_horizons"][-1]
        return (
            "The adversary is fragile. At every step many rows attain the maximum, and it picks the first. With random picks √T f with steps 1/√t grows by "
            f"{self.page.number('worst_case', 'shuffled_growth')} per unit of ln T on average. Rounding can do the same: where products are computed by a matrix and ties are not compared within "
            f"{s['tie_tolerance']:.0e}, √T f at T = {size} is {self.worst('last', horizon=size, schedule='exact_ties')} instead of {self.worst('last', horizon=size, schedule='inverse_root')}. The number of "
            "dimensions must grow with T, too; in one dimension no logarithm appears (not run here). And the minimiser is the start, x = 0: f begins at its minimum 0, and no run ends as low. "
            f"The largest norm of an iterate is {self.worst('largest_norm')}; the ball has radius 1."
        )

    # ---- the guarantee ---------------------------------------------------------------------------------------------
    def guarantee_alt(self) -> str:
        """Ends of the lines, largest errors on random problems."""
        top = self.page.settings("worst_case")["horizons"][-1]
        ends = ", ".join(
            f"{self.worst('normalised', horizon=top, schedule=name)} with {NAMES[name]}"
            for name in ("inverse_root", "constant", "tight_decay")
        )
        return (
            f"Left: √T f of the worst case with B = R = 1; at T = {top:,} {ends}. squares on 1. Right: the share of random problems whose √(N + 1) f exceeds a "
            f"value; it ends at {self._largest('tight_decay')} with linear decay, {self._largest('inverse_root')} with 1/√t, {self._largest('constant')} with constant steps."
        )

    def _largest(self, schedule: str) -> str:
        return self.page.number("guarantee", "ratio", {"schedule": schedule}, "max")

    def guarantee_note(self) -> str:
        """What lines and points are."""
        s = self.page.settings("guarantee")
        return (
            "Dashed: what linear decay guarantees. Dotted: the bound for the best constant step, whose size is not 1/√T. Squares: the gap after N = T steps of linear decay on the largest of N + 1 coordinates, "
            f"times √(N + 1). Right: {s['seeds']} problems."
        )

    def guarantee_prose(self) -> str:
        """What separates, and what does not."""
        top = self.page.settings("worst_case")["horizons"][-1]
        return (
            f"No error after linear decay may lie above the dashed line, on any problem. With 1/√t and with constant steps the worst case does, from T = {self.worst('first_above', schedule='inverse_root')} and "
            f"{self.worst('first_above', schedule='constant')} on (of the horizons drawn); with linear decay it lies at {self.worst('normalised', horizon=top, schedule='tight_decay')}. Two things are to be said against this "
            "separation. R is the radius of the ball there; the distance to the minimiser is 0, and a method that stays where it starts has no error at all. And random problems look different: the largest of "
            f"their errors are {self._largest('tight_decay')} with linear decay, {self._largest('inverse_root')} with 1/√t and {self._largest('constant')} with constant steps, in units of the guarantee, on average "
            f"{self._mean('tight_decay')}, {self._mean('inverse_root')} and {self._mean('constant')}. Squares on the dashed line say that no method has a better guarantee, not that linear decay is better than "
            "others: after N steps on the largest of N + 1 coordinates one is untouched, whatever the step sizes are."
        )

    def _mean(self, schedule: str) -> str:
        return self.page.number("guarantee", "ratio", {"schedule": schedule})

    # ---- noise -------------------------------------------------------------------------------------------------------
    def noise_alt(self) -> str:
        """Ends of the lines."""
        s = self.page.settings("noisy")
        ends = ", ".join(
            f"{self.page.number('noisy', 'scaled_error', {'multiple': c})} at c = {c:g}" for c in s["multiples"]
        )
        return f"Left: T E F of the quadratic over T; at T = {s['steps']:,} it is {ends}. Right: √T E F of the norm over T; at T = {s['horizons'][-1]:,} {self._ends()}."

    def _ends(self) -> str:
        dimensions = self.page.settings("noisy")["dimensions"]
        told = []
        for name in ("inverse_root", "constant", "linear_decay"):
            values = [self.sharp("sharp", dimension=d, schedule=name) for d in dimensions]
            told.append(f"{' and '.join(values)} with {NAMES[name]}")
        return ", ".join(told) + f" (d = {' and '.join(map(str, dimensions))})"

    def noise_note(self) -> str:
        """What is drawn."""
        s = self.page.settings("noisy")
        counts = " and ".join(
            f"{s['seeds'] * runs:,} (d = {d})" for d, runs in zip(s["dimensions"], s["runs"], strict=True)
        )
        return f"Left: computed by a recursion, no run; dotted: limits, where there is one. Right: {counts} runs of each length, in {s['seeds']} groups; solid: d = {s['dimensions'][0]}, dashed: d = {s['dimensions'][-1]}; means over groups with 95 % intervals."

    def noise_prose(self) -> str:
        """Laws, where they hold, and where they end."""
        s = self.page.settings("noisy")
        c = s["checked_multiple"]
        floor = laws.sharp_error(1)
        return (
            f"**A quadratic.** F = μx²/2 with gradient noise of variance σ², steps c/(μ(t + 2)), μ = σ = 1: T E F comes to c²/(2(2c − 1)), which is least at c = 1. Of runs at c = {c:g} and T = "
            f"{s['checked_steps']:,} the mean error over the law's is {self.page.number('noisy', 'checked_ratio')}. At c = 1/2 and below the rate 1/T is lost: between T = {s['steps'] // 10:,} and {s['steps']:,} T E F grows by "
            f"{self.page.number('noisy', 'error_growth', {'multiple': 0.5})} per unit of ln T at c = 0.5, and as T to the power {self.page.number('noisy', 'error_power', {'multiple': 0.3})} at c = 0.3. "
            "Of the paper's steps for strongly convex functions the review says that their constant, 1.5, is there for no special reason; here any c above 1/2 keeps the rate.\n\n"
            f"**The norm.** F = |x|, started at distance 1, with gradient noise of variance 1 in all. Constant steps η come to a stationary state, in which E F = η: √T E F = {floor:g} for η = 1/√T, in any dimension (derived here). "
            f"At T = {s['horizons'][-1]:,} runs give {self._ends()}. That linear decay gains so much here is a matter of a sharp minimum, where the floor is proportional to the last step sizes; it is not what "
            "a bound for all convex functions says."
        )
