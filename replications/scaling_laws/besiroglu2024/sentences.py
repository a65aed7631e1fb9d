"""What the page says about settings and results of a run."""

import numpy as np
import pandas as pd

from replications.scaling_laws.besiroglu2024 import published
from replications.scaling_laws.besiroglu2024.plotting.comparisons import COEFFICIENTS, FITS
from replications.scaling_laws.besiroglu2024.plotting.uncertainty import ENDS
from replications.scaling_laws.science.sentences import Values, choose, listed, shown
from verifig.pages import marked
from verifig.pages.page import Page


class Refit(Values):
    """Sentences on the experiment `chinchilla`."""

    def __init__(self, page: Page):
        super().__init__(page, "chinchilla")
        self.settings = page.settings("chinchilla")

    def coefficient(self, fit: str, name: str) -> float:
        return self.exact("coefficient", {"fit": fit, "name": name})

    def errors(self) -> dict[str, float]:
        """Bootstrap standard errors by coefficient."""
        return {name: self.exact("standard_error", {"name": name}) for name in COEFFICIENTS}

    def formed(self, form: str, value: float, how: str) -> str:
        """A number that several statistics give, as `form` writes it; it says on the page which."""
        return self.page.formed(form.format(value), self.experiment, how)

    def rows(self) -> str:
        """Runs that are fitted."""
        return shown(self.exact("rows_kept"))

    def dropped(self) -> int:
        """Runs that are left out."""
        return int(self.exact("rows") - self.exact("rows_kept"))

    def data(self, table: pd.DataFrame) -> str:
        """Which runs are left out."""
        dropped = table[~table["kept"]]
        ratios = dropped["D"] / dropped["N"]
        if dropped.empty:
            return "No run is left out."
        count = marked.of_table(str(len(dropped)), dropped, "kept", "number of")
        low, high = (
            marked.of_table(f"{value:.2f}", dropped, "D over N", f"{name} of")
            for value, name in ((ratios.min(), "smallest"), (ratios.max(), "largest"))
        )
        return (
            f"The {count} runs with the highest losses, large models that saw {low} to {high} "
            "tokens per parameter, are left out (ringed)."
        )

    def _written(self, form: str, fit: str, name: str) -> str:
        return self.said(form, "coefficient", {"fit": fit, "name": name})

    def minimum(self) -> str:
        """The Huber minimum beside least absolute deviations, and how many starts find it."""
        best, other = (self.exact("objective", {"fit": fit}) for fit in ("huber", "lad"))
        values = {
            fit: f"A {self._written('{:.2f}', fit, 'A')}, B {self._written('{:.1f}', fit, 'B')}"
            for fit in ("huber", "lad")
        }
        higher = self.formed(
            "{:.3f} %", 100 * (other / best - 1), "objective of the fits lad and huber, their ratio less 1"
        )
        return (
            f"The minimum of the Huber sum is {self.said('{:.10f}', 'objective', {'fit': 'huber'})} at {values['huber']}; least absolute deviations give {values['lad']} "
            f"(published: 482.01, 2085.43), where the Huber sum is {higher} higher. "
            f"Of Hoffmann et al.'s {len(published.HOFFMANN_GRID):,} starts {self.said('{:.0f} %', 'share_of_starts', factor=100)} end in the "
            f"minimum within {self.settings['grid_steps']} steps."
        )

    def distances(self) -> str:
        """How many standard errors Hoffmann et al.'s parameters lie from the refit."""
        errors, far = self.errors(), []
        for name, label in COEFFICIENTS.items():
            gap = abs(self.coefficient("hoffmann", name) - self.coefficient("lad", name)) / errors[name]
            told = self.formed(
                "{:.1f}",
                gap,
                f"coefficient {name} of the fits hoffmann and lad, their difference over its standard error",
            )
            far.append(f"{told} in {label.split(' ')[0]}")
        return f"Hoffmann et al.'s unrounded parameters lie, in standard errors of the refit, {listed(far)} away."

    def likelihoods(self, table: pd.DataFrame) -> str:
        rows = table[table["fit"].isin(FITS)].sort_values("log_likelihood")
        pairs = zip(rows["fit"], rows["log_likelihood"], strict=True)  # for an alternative text, which has no marks
        return f"Log-likelihoods: {listed([f'{value:.2f} ({FITS[fit][0]})' for fit, value in pairs])}."

    def rounding(self) -> str:
        """What rounding costs beside what the other optimum costs."""
        value = {f: self.exact("log_likelihood", {"fit": f}) for f in ("hoffmann_rounded", "hoffmann", "lad")}
        rounded, wrong = (
            self.formed(
                "{:.1f}", value[one] - value[other], f"log likelihood of the fits {one} and {other}, their difference"
            )
            for one, other in (("hoffmann", "hoffmann_rounded"), ("lad", "hoffmann"))
        )
        return f"Rounding the published parameters to two digits costs {rounded}; the other optimum, unrounded, costs {wrong}."

    def residuals(self) -> str:
        mean = {f: self.exact("mean_residual", {"fit": f}) for f in ("hoffmann_rounded", "hoffmann", "lad")}
        sides = {f: "too high" if value < 0 else "too low" for f, value in mean.items()}
        names = {"hoffmann_rounded": "rounded", "hoffmann": "unrounded", "lad": "refit"}
        parts = [
            f"{self.page.told(f'{abs(mean[f]):.4f}', self.experiment, 'mean_residual', {'fit': f})} {sides[f]} ({name})"
            for f, name in names.items()
        ]
        return f"On average the predicted loss is {listed(parts)}."

    def rounding_bias(self) -> str:
        bias, rounded = self.said("{:.0f} %", "rounding_bias", factor=100), published.HOFFMANN_ROUNDED[4]
        return (
            f"Rounding β from {published.HOFFMANN[4]:.4f} to {rounded:g} raises the data term by {bias} at 10¹¹ tokens."
        )

    def residual_test(self) -> str:
        return (
            f"A t test of the residuals, unrounded against refit, gives t = {self.said('{:.3f}', 'residual_t')}, "
            f"p = {self.said('{:.4f}', 'residual_p')} (notebook: 2.908, 0.0038)."
        )

    def width(self) -> str:
        width = self.exact("exponent_high") - self.exact("exponent_low")
        told = self.formed("{:.3f}", width, "exponent high less exponent low")
        return (
            f"Over {self.settings['bootstraps']:,} bootstraps 80 % of the exponents span {told}; for a span of 0.001 the "
            f"same spread would need {self.said('{:,.0f}', 'runs_needed')} runs."
        )

    def ridges(self, bootstrap: pd.DataFrame) -> str:
        """Correlations along the two ridges of the pair plot."""
        pairs = [(np.log(bootstrap["A"]), bootstrap["alpha"]), (np.log(bootstrap["B"]), bootstrap["beta"])]
        first, second = (
            marked.of_table(
                f"{np.corrcoef(x, y)[0, 1]:.3f}", bootstrap, f"ln {x.name} and {y.name}", "correlation over"
            )
            for x, y in pairs
        )
        return f"The correlation of ln A and α is {first}, that of ln B and β {second}."

    def joint(self) -> str:
        value = self.said("{:.0f}", "chi_square", {"fit": "published"})
        return f"Jointly they lie at chi-square {value} (5 degrees of freedom) from the refit."

    def policy(self) -> str:
        """Tokens per parameter at Chinchilla's compute."""
        fits = ("lad", "hoffmann_published_exponent")
        refit, theirs = (self.said("{:.1f}", "tokens_per_parameter", {"fit": fit}) for fit in fits)
        low, high = (self.said("{:.1f}", f"tokens_per_parameter_{side}") for side in ("low", "high"))
        return (
            f"At Chinchilla's compute the refit asks for {refit} tokens per parameter (80 % of bootstraps: {low} to "
            f"{high}), Hoffmann et al.'s third method for {theirs}."
        )

    def band(self, policy: pd.DataFrame) -> str:
        """Where the band of the policy is narrowest, and how wide it is at the end."""
        spread = policy["bootstrap_high"] / policy["bootstrap_low"]
        narrow, end = policy.loc[spread.idxmin(), "C"], policy["C"].iloc[-1]
        power = [str(round(np.log10(c))).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")) for c in (narrow, end)]
        ratio = "bootstrap_high over bootstrap_low"
        where = marked.of_table(f"10{power[0]}", policy, ratio, "C where it is smallest, of")
        factor = marked.of_table(f"{spread.iloc[-1]:.1f}", policy, ratio, "at the largest C, of")
        return f"The band is narrowest near {where} FLOP and widens to a factor of {factor} at 10{power[1]}."

    def stopping(self) -> str:
        """Where the three scalings stop, in iterations."""
        steps = {fit: self.said("{:,.0f}", "iterations", {"fit": fit}) for fit in ENDS}
        parts = [f"{steps[fit]} iterations ({label})" for fit, (label, _) in ENDS.items()]
        return f"From Hoffmann et al.'s parameters the optimiser stops after {listed(parts)}."

    def spike(self) -> str:
        """Width and place of the early stops beside the published interval."""
        row = self.page.paper("hoffmann_intervals")["rows"][-1]
        low, high = (self.exact(f"subsample_{side}", {"fit": "mean"}) for side in ("low", "high"))
        converged = self.exact("subsample_width", {"fit": "converged"})
        spread = self.formed("{:.4f}", high - low, "subsample high less subsample low, fit=mean")
        told = (
            f"Early stops on the mean spread over {spread} (80 %), converged fits over {self.page.told(f'{converged:.4f}', self.experiment, 'subsample_width', {'fit': 'converged'})}; the published "
            f"interval is {row['high'] - row['low']:.3f} wide. "
        )
        inside = low <= row["high"] and high >= row["low"]
        return told + choose(
            inside,
            "The two narrow intervals overlap.",
            f"They are not at the same place: ours is {self.formed('{}', f'[{low:.4f}, {high:.4f}]', 'subsample low and subsample high, fit=mean')}, the published one [{row['low']}, {row['high']}].",
            low,
            high,
        )

    def random_starts(self) -> str:
        share = {fit: self.said("{:.1f} %", "share_of_random_starts", {"fit": fit}, 100) for fit in ("sum", "mean")}
        return (
            f"From {self.settings['random_starts']} random starts of the grid, {share['sum']} reach the minimum within 1 % with "
            f"the sum and {share['mean']} with the mean."
        )

    def outliers(self, fits: pd.DataFrame) -> str:
        """B and a by the number of highest losses left out."""
        parts = [
            " and ".join(
                marked.of_table(form.format(row[name].iloc[0]), row, name)
                for form, name in (("{:,.0f}", "B"), ("{:.3f}", "a"))
            )
            + f" ({count} left out)"
            for count, row in ((count, fits[fits["fit"] == f"without_{count}"]) for count in published.ABLATED)
        ]
        return f"B and the compute exponent are {listed(parts)}."
