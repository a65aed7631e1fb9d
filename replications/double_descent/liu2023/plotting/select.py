"""What figures and their captions are about: rows, names and labels of the ways to train that a run has.

`settings` are those of the experiment, `maps` and `runs` the settings of its conditions by name. Titles, legends and
axes are formed from them, so that a changed setting changes the figure's words with its curves.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from replications.double_descent.liu2023.measuring import widths
from verifig.pages.figures import BLUE, GREEN, GREY, OLIVE, ORANGE, PURPLE, RED, TEAL, pick
from verifig.pages.page import Page

SCALE_COLOURS = {0: OLIVE, 0.1: "#85c9d4", 0.3: TEAL, 1: BLUE, 3: "#e08c98", 10: RED}
STEP_COLOURS = {100: GREY, 1_000: TEAL, 10_000: BLUE, 100_000: GREEN, 1_000_000: ORANGE, np.inf: RED}
OPTIMISER_COLOURS = {"gradient descent": BLUE, "momentum": RED, "Adam": GREEN}
NORMALISATIONS = {
    "raw": ("raw pixels", GREY), "standardised": ("standardised pixels", BLUE), "layer": ("rows (layer)", GREEN),
    "batch_before": ("columns before activation", PURPLE), "batch": ("columns (batch)", ORANGE),
}  # fmt: skip
PURE_NOISE = 1.0  # labels without information: a control, not a level of the panel


def conditions(page: Page, experiment: str) -> dict[str, dict]:
    """Settings of the run's conditions by name."""
    return {name: page.settings(experiment, name) for name in page.settings(experiment)["conditions"]}


def rows(frame: pd.DataFrame, solver: str, feature_map: str = "standardised") -> pd.DataFrame:
    """Rows of one way to train on one feature map."""
    return pick(frame, map=feature_map, solver=solver)


def base_solver(settings: Mapping) -> str:
    """The name of plain gradient descent for the experiment's own number of steps."""
    return f"steps {settings['steps']:g}"


def scale_solvers(settings: Mapping) -> dict[float, str]:
    """By scale of the initial output layer, the name of gradient descent from it."""
    base, scales = settings["output_scale"], sorted({settings["output_scale"], *settings["output_scales"]})
    return {scale: base_solver(settings) if scale == base else f"output_scale {scale:g}" for scale in scales}


def noise_solver(settings: Mapping, share: float, steps: float) -> str:
    """The name of gradient descent on labels with a share of noise."""
    plain = f"steps {steps:g}"
    return plain if share == settings["label_noise"] else f"noise {share:g} {plain}"


def noise_levels(settings: Mapping) -> list[float]:
    """All levels of label noise of the panel."""
    return sorted({settings["label_noise"], *settings["noise_levels"]} - {PURE_NOISE})


def shown_horizons(settings: Mapping) -> list[float]:
    """Up to six horizons, infinity last: powers of ten where there are enough of them, else evenly picked."""
    found = sorted(settings["horizons"])
    decades = [steps for steps in found if steps >= 100 and np.isclose(np.log10(steps) % 1, 0)][:5]
    if len(decades) < 3:
        decades = [found[k] for k in sorted({round(k) for k in np.linspace(0, len(found) - 1, 5)})]
    return [*decades, np.inf]


def colour_of(scale: float) -> str:
    """One colour a scale of initial values, the same in every panel."""
    return SCALE_COLOURS.get(scale, ORANGE)


def step_colours(steps: Sequence[float]) -> dict[float, str]:
    """One colour a number of steps, the same in every figure of the page; spare colours for others."""
    spare = iter((PURPLE, OLIVE, "#85c9d4", "#e08c98", *STEP_COLOURS.values()))
    return {number: STEP_COLOURS.get(number) or next(spare) for number in steps}


def by_normalisation(settings: Mapping, maps: Mapping[str, Mapping]) -> dict[str, tuple[str, str]]:
    """Label and colour of the feature maps that differ in normalisation alone."""
    order = list(NORMALISATIONS)
    chosen = [name for name, s in maps.items() if s["feature_scale"] == settings["feature_scale"]]
    chosen.sort(key=lambda name: order.index(maps[name]["normalisation"]))
    return {name: NORMALISATIONS[maps[name]["normalisation"]] for name in chosen}


def by_scale(settings: Mapping, maps: Mapping[str, Mapping]) -> dict[str, tuple[str, str]]:
    """Label and colour of the feature maps that differ in the scale of the first layer alone."""
    chosen = [name for name, s in maps.items() if s["normalisation"] == settings["normalisation"]]
    chosen.sort(key=lambda name: maps[name]["feature_scale"])
    scales = [maps[name]["feature_scale"] for name in chosen]
    return {name: (f"{scale:g}", colour_of(scale)) for name, scale in zip(chosen, scales, strict=True)}


def by_steps(risk: pd.DataFrame, field: str, form: str) -> pd.DataFrame:
    """One field of gradient descent, `form` over seeds, as a table steps x width."""
    chosen = risk[(risk["map"] == "standardised") & risk["solver"].str.startswith("steps ")]
    chosen = chosen.assign(steps=chosen["solver"].str.removeprefix("steps ").astype(float))
    return chosen.groupby(["steps", "width"])[field].agg(form).unstack()


def optimiser_arms(settings: Mapping, runs: Mapping[str, Mapping]) -> list[tuple[str, str]]:
    """(label, pattern of the run's name for a number of steps): gradient descent, momentum, Adam by learning rate."""
    arms = [("gradient descent", "steps {:g}")]
    arms += [(f"momentum {m:g}", f"momentum {m:g} steps {{:g}}") for m in settings["momenta"][:1]]
    return arms + [(f"Adam {r['learning_rate']:g}", f"{n} {{:g}}") for n, r in runs.items() if r["optimizer"] == "adam"]


def optimiser_steps(settings: Mapping) -> tuple[int, int]:
    """The shorter and the longer number of steps after which optimisers are compared."""
    return min(settings["momentum_horizons"]), max(settings["momentum_horizons"])


def run_named(risk: pd.DataFrame, iterated: pd.DataFrame, name: str) -> pd.DataFrame:
    """Rows of an iterated run, or of a spectral one."""
    return pick(iterated, run=name) if name in set(iterated["run"]) else rows(risk, name)


def batch_arms(runs: Mapping[str, Mapping]) -> dict[str, str]:
    """Minibatch runs of the batch panel by condition, with their labels."""
    chosen = {n: r for n, r in runs.items() if r["optimizer"] == "sgd" and r["loss"] == "mse" and not r["train_first_layer"]}  # fmt: skip
    ordered = sorted(chosen, key=lambda name: (chosen[name]["rate_decay"], chosen[name]["batch_size"]))
    return {n: f"batch {chosen[n]['batch_size']}" + ", decaying rate" * chosen[n]["rate_decay"] for n in ordered}


def run_points(iterated: pd.DataFrame, condition: str) -> pd.DataFrame:
    """The rows of a condition at its last recorded point."""
    parts = iterated["run"].str.rsplit(" ", n=1)
    mine = iterated[parts.str[0] == condition]
    points = parts.str[1].astype(float)[mine.index]
    return mine[points == points.max()]


def heights(chosen: pd.DataFrame, n: int) -> tuple[pd.Series, pd.Series]:
    """Training loss at W = n and peak height by seed (see `measuring.widths`) of the rows of one way to train."""
    table = chosen.pivot(index="seed", columns="width", values="test_mse")
    grid = table.columns.to_numpy(float)
    inside = (grid >= widths.WINDOW[0] * n - 1e-6) & (grid <= widths.WINDOW[1] * n + 1e-6)
    tail = int(np.argmin(np.abs(grid - widths.TAIL * n)))
    losses = chosen.pivot(index="seed", columns="width", values="train_mse")
    at = int(np.argmin(np.abs(grid - n)))
    return losses.iloc[:, at], table.loc[:, inside].max(axis=1) / table.iloc[:, tail]


def arm(settings: Mapping, base: Mapping) -> str:
    """What tells a two-layer condition from the others, in words."""
    name = "Adam" if settings["optimizer"] == "adam" else "gradient descent"
    if settings["momentum"]:
        name = f"momentum {settings['momentum']:g}"
    if settings["label_noise"] != base["label_noise"]:
        name += f", {100 * settings['label_noise']:g} % label noise"
    if settings["init_scale"] != base["init_scale"]:
        name += f", initial weights × {settings['init_scale']:g}"
    return name


def compared_steps(record_steps: Sequence[int]) -> tuple[int, int]:
    """An early point, nearest to a tenth of the training, and the end."""
    last = max(record_steps)
    return min(record_steps, key=lambda step: abs(step - last / 10)), last


def arms(base: Mapping, runs: Mapping[str, Mapping]) -> dict[str, Mapping]:
    """Two-layer conditions by name, plain ones first."""
    order = {name: ("," in arm(run, base), run["optimizer"] == "adam", run["momentum"]) for name, run in runs.items()}
    return {name: runs[name] for name in sorted(runs, key=order.get)}


def sides(claims: Sequence[Mapping]) -> tuple[float | None, float | None, tuple[float, float] | None]:
    """What B5 was judged by: up to which h there is no peak, from which there is one, and the losses in between."""
    parts = [part for claim in claims if claim["id"] == "B5" for part in claim["parts"]]
    bounds = {name: [tuple(map(float, part["bounds"])) for part in parts if part["statistic"] == name] for name in ("threshold_loss", "peak_height")}  # fmt: skip
    losses, heights = bounds["threshold_loss"], bounds["peak_height"]
    between = (min(high for _, high in losses), max(low for low, _ in losses)) if losses else None
    return min((high for _, high in heights), default=None), max((low for low, _ in heights), default=None), between
