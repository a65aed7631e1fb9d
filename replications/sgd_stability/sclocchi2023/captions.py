"""Sentences of the page that depend on the run: formed from its statistics, settings and tables of curves."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from replications.sgd_stability.sclocchi2023.plots import CHIS, HEATS
from replications.sgd_stability.sclocchi2023.theory import exponents
from verifig.ground.numbers import text
from verifig.pages.figures import pick
from verifig.pages.page import Page

SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def power(value: float) -> str:
    """A power of two in words: 0.25 -> 2⁻²."""
    return "2" + str(round(np.log2(value))).translate(SUPERSCRIPTS)


@dataclass(frozen=True)
class Captions:
    """The page's run in words."""

    page: Page

    def perceptron(self) -> str:
        """What was trained: the perceptron."""
        s = self.page.settings("perceptron", "chi1")
        return (
            f"The perceptron f = w · x / √d has d = {s['dimension']} inputs, of which the first decides the label and is small, with a density like the power χ of |x₁|; the others "
            f"are standard Gaussian. It starts from w = 0; batches have B = {s['batch']} samples; figures by P have α = {s['alphas'][0]:g} and "
            f"T = {s['temperatures'][0]:g}. As the model is linear only αT matters, which a control checks. Training stops when no sample lies inside the margin."
        )

    def network(self) -> str:
        """What was trained: the networks."""
        s = self.page.settings("network", "phase")
        side = {"mnist_5k": 28, "digits": 8}[s["images"]] // s["pool"]
        return (
            f"The networks have {s['hidden_layers']} hidden layers of {s['width']} ReLU neurons and tell even from odd digits ({side} × {side} pixels); "
            f"P = {s['sizes'][0]} training and {s['test_size']:,} test images, B = {s['batch']}, learning rate T × B × width as in the authors' code; at most "
            f"{64 * s['rounds']:,} steps."
        )

    def phase_alt(self, perceptron: pd.DataFrame, network: pd.DataFrame) -> str:
        """Errors of both maps, and where networks were not fitted."""
        rows = pick(network, condition="phase")
        means = rows[rows["fitted"]].groupby(["alpha", "temperature"])["test_error"].mean()
        heats = pick(perceptron, condition="heat1").groupby("temperature")["error"].mean()
        left = ~rows.groupby(["alpha", "temperature"])["fitted"].all()
        (alpha, heat), best = means.idxmin(), means.min()
        return (
            f"Two maps over init scale and temperature. Perceptron (χ = 1): test error from {text(100 * heats.iloc[0])} % at the smallest αT to "
            f"{text(100 * heats.iloc[-1])} % at the largest. Network: the lowest mean error is {text(100 * best)} %, at α = {power(alpha)} and T = {power(heat)}; "
            f"{left.sum()} of {len(left)} cells are empty because at least one run did not fit its data."
        )

    def phase_note(self) -> str:
        """What a cell is."""
        seeds = self.page.seeds("perceptron", "heat1"), self.page.seeds("network", "phase")
        return (
            f"Means over {seeds[0]} runs (perceptron, exact test error) and {seeds[1]} (network). Empty cells: a run was not fitted within the steps, or diverged. "
            "Each cell of the perceptron shows the runs with its αT; those of other values of αT were not trained."
        )

    def phase_prose(self) -> str:
        """How noise changes the error in the two regimes."""

        def gain(alpha: float) -> str:
            return self.page.number("network", "noise_gain", {"alpha": alpha}, percent=True).replace(" %", " points")

        return (
            f"From T = 2⁻⁹ to 2⁻⁶ the test error of the networks falls by {gain(1.0)} at α = 1 and by {gain(256.0)} at α = 2⁸ (negative: it rises; intervals stand in the claim above). "
            "A smaller α and a larger T both leave the lazy regime, and the map shows whether they do the same to the error."
        )

    def fitted(self) -> dict[str, dict[str, float]]:
        """By field and condition, the mean exponent."""
        return {
            field: {
                name: float(self.page.value("perceptron", f"{field}_exponent", {"condition": name}).mean())
                for name in CHIS
            }
            for field in ("time", "norm")
        }

    def exponent(self, field: str, condition: str) -> str:
        """A mean exponent as text."""
        return self.page.number("perceptron", f"{field}_exponent", {"condition": condition})

    def sizes_alt(self) -> str:
        """Exponents of both panels."""
        told = {
            field: ", ".join(f"{self.exponent(field, name)} ({label})" for name, (label, _) in CHIS.items())
            for field in ("time", "norm")
        }
        return (
            f"Log-log plots against P. Left: training time, fitted exponents {told['time']}. Right: norm of the weights, {told['norm']}. Dashed: asymptotic "
            "slopes of our scaling argument."
        )

    def sizes_note(self) -> str:
        """What dots and lines are."""
        sizes = self.page.settings("perceptron", "chi1")["sizes"]
        return (
            f"{self.page.seeds('perceptron', 'chi1')} runs a point (dots), geometric means (lines); exponents are means over runs of a fit through P = "
            f"{', '.join(f'{size:,}' for size in sizes)}."
        )

    def sizes_prose(self) -> str:
        """Fitted exponents beside the asymptotic ones."""
        limits = {name: exponents(self.page.settings("perceptron", name)["chi"]) for name in CHIS}
        lines = [
            f"| exponent in P | {' | '.join(label for label, _ in CHIS.values())} |",
            "|---" * (len(CHIS) + 1) + "|",
        ]
        for sign, quantity in (("t*", "time"), ("‖w‖", "norm")):
            lines.append(f"| {sign}, fitted | {' | '.join(self.exponent(quantity, name) for name in CHIS)} |")
            lines.append(f"| {sign}, asymptotic | {' | '.join(f'{limits[name][quantity]:g}' for name in CHIS)} |")
        return "\n".join(lines)

    def heat_alt(self) -> str:
        """Slopes of the three panels."""
        ratios = ", ".join(
            f"{self.page.number('perceptron', 'time_ratio', {'condition': name, 'temperature': 64}, take='median')} ({label})"
            for name, (label, _) in HEATS.items()
        )
        place = {"condition": "heat1", "temperature": 0.0625}
        small = self.page.number("perceptron", "time_ratio", place, take="median")
        lazy, cold = (
            self.page.number("network", "time_heat_exponent", {"condition": name}) for name in ("lazy", "cold")
        )
        return (
            f"Training time on log axes. Perceptron: from T = 1/16 to 1/4 it grows by the factor {small} (χ = 1), from T = 64 to 256 by the factors {ratios} (medians). Networks: exponent in T {lazy} at "
            f"α = 2^15 and {cold} at α = 2^8 and small T; exponent in P {self.page.number('network', 'time_exponent', {'condition': 'grow'})}."
        )

    def heat_note(self) -> str:
        """What lines are."""
        talk = self.page.paper("talk")
        return (
            f"Dots: runs; lines: geometric means; dashed: exponent {talk['time_temperature']:g} in T, the paper's ({talk['source']}). The weights of the lazy networks change by a share that grows like T to the "
            f"{self.page.number('network', 'change_heat_exponent', {'condition': 'lazy'})}."
        )

    def batches_alt(self) -> str:
        """Ratios of both arms."""

        def ratio(field: str, condition: str) -> str:
            return self.page.number("perceptron", f"batch_{field}_ratio", {"condition": condition}, take="median")

        return (
            f"Against single samples, median ratios: at fixed T and B = 8, t* {ratio('time', 'batch8')} and norm {ratio('norm', 'batch8')}; at B = 64, "
            f"{ratio('time', 'batch64')} and {ratio('norm', 'batch64')}; at a fixed rate and B = 8, {ratio('time', 'rate8')} and {ratio('norm', 'rate8')}."
        )
