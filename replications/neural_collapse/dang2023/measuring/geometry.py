"""Records of a training condition against the predicted geometry."""

from collections.abc import Mapping

import numpy as np

from replications.neural_collapse.dang2023 import closed_form, metrics
from replications.neural_collapse.dang2023.measuring import ties
from verifig.measuring.series import Series
from verifig.training.artifacts import Artifact

WEAK = 1e-9  # a decay at which nothing collapses
CONVOLUTIONAL_FEATURES = 512  # whatever the setting of width
PADDED = {"classifier": 2, "feature": 2, "output": 2, "bias": 1}  # trailing axes that are padded to the most classes
LAYERED = ("classifier", "feature")  # their third axis is padded to the deepest condition


def family(settings: Mapping) -> str:
    """ "of" (equal classes), "etf" (equal classes with a bias) or "gof" (unequal classes)."""
    return "gof" if len(set(settings["sizes"])) > 1 else "etf" if settings["bias"] else "of"


def imbalance_rate(settings: Mapping) -> float:
    """Rate per iteration, 2 lam eta / (1 - mu), at which the layers' imbalance must decay."""
    return 2 * settings["weight_decay"] * settings["learning_rate"] / (1 - settings["momentum"])


def by_condition(artifact: Artifact) -> dict[str, "Condition"]:
    """The conditions of a training experiment by name."""
    series = Series(artifact, "iterations")
    return {name: Condition(series, name) for name in series.settings}


class Condition:
    """All seeds of one condition. Arrays are [seeds, log points, ...].

    Attributes:
        points: the log points.
        family: see `family`.
        solution: closed form at the nominal decays (those of the experiment where the condition switches decay off) and
            the layers' width; None where there is no decay, or the loss has another scale.
    """

    def __init__(self, series: Series, name: str):
        self.series, self.name, self.settings = series, name, series.settings[name]
        self.points, self.seeds = series.points, series.seeds(name)
        self.sizes, self.depth = np.array(self.settings["sizes"], float), self.settings["depth"]
        self.classes, self.family = len(self.sizes), family(self.settings)
        experiment, bias = series.artifact.meta["job"]["settings"], self.settings["bias"]
        nominal = [self.settings[decay] or experiment[decay] for decay in ("weight_decay", "feature_decay")]
        self.weight_decay = nominal[0]
        perceptron = self.settings.get("backbone", "mlp") == "mlp"
        width = self.settings["width"] if perceptron else CONVOLUTIONAL_FEATURES
        self.solution = None
        if min(nominal) > 0 and self.settings.get("loss_scale", "theory") == "theory":
            self.solution = closed_form.solve(self.sizes, self.depth, *nominal, bias=bias, rank=width)
        # of equal classes the frame alone matters, which any decay gives
        self.frame = closed_form.solve(self.sizes, 1, WEAK, WEAK, bias=bias, rank=width)

    def __getitem__(self, field: str) -> np.ndarray:
        values = self.series[self.name, field]
        if field in PADDED:
            values = values[(..., *[slice(self.classes)] * PADDED[field])]
        return values[:, :, : self.depth] if field in LAYERED else values

    def __contains__(self, field: str) -> bool:
        return field in self.series.artifact

    def predicted(self, absolute: bool = False) -> dict[str, np.ndarray] | None:
        """Target matrices [seeds or 1, log points or 1, K, K], None if there are none.

        For equal classes their scale means nothing, unless `absolute`. Where the minimiser is not unique (see `ties`)
        each target is the one nearest to what was measured.
        """
        solution = self.solution if absolute or self.family == "gof" else self.frame
        if solution is None:
            return None
        if not len(ties.tied(solution)):
            return {name: matrix[None, None] for name, matrix in closed_form.targets(solution).items()}
        found = self["classifier"][:, :, 0]
        near = [closed_form.targets(ties.nearest(solution, matrix)) for row in found for matrix in row]
        return {name: np.stack([each[name] for each in near]).reshape(found.shape) for name in near[0]}

    def misfits(self) -> dict[str, np.ndarray]:
        """NC2 and NC3 against the own target, and the misfit of Wp Wp^T to the frame and the simplex, [seeds, points].

        Equal classes: the worst linear layer counts; unequal classes: the product of all layers and its input. Without
        a target (unequal classes without decay) only the misfits to frame and simplex are there.
        """
        layers = slice(0, 1) if self.family == "gof" else slice(0, self.depth)
        classifier, feature = self["classifier"][:, :, layers], self["feature"][:, :, layers]
        output = self["output"][:, :, None]
        if self.settings["bias"]:
            feature, output = metrics.centre(feature, self.sizes), metrics.centre(output, self.sizes, sides=1)
        full = self["classifier"][:, :, 0]
        result = {
            "of_misfit": metrics.misfit(full, metrics.frame(self.classes, False)),
            "etf_misfit": metrics.misfit(full, metrics.frame(self.classes, True)),
        }
        result["other_misfit"] = result["etf_misfit" if self.family == "of" else "of_misfit"]
        target = self.predicted()
        if target is None:
            return result
        by_layer = {name: matrix[:, :, None] for name, matrix in target.items()}
        scale = closed_form.duality_map(self.solution) if self.family == "gof" else np.eye(self.classes)
        return result | {
            "nc2_w": metrics.misfit(classifier, by_layer["classifier"]).max(2),
            "nc2_h": metrics.misfit(feature, by_layer["feature"]).max(2),
            "nc3": metrics.misfit(output, by_layer["output"]).max(2),
            "nc3_dual": metrics.duality(classifier, feature, output, scale).max(2),
            "own_misfit": metrics.misfit(full, target["classifier"]),
        }

    def classifier_error(self) -> np.ndarray:
        """Largest error of a diagonal entry of Wp Wp^T over the largest predicted one, [seeds, points]; NaN if all are 0."""
        predicted = np.diagonal(self.predicted(absolute=True)["classifier"], axis1=-2, axis2=-1)
        found = np.diagonal(self["classifier"][:, :, 0], axis1=-2, axis2=-1)
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            return np.abs(found - predicted).max(-1) / predicted.max(-1)

    def fixed_lengths(self) -> np.ndarray:
        """Classes whose length at the minimum is positive and unique; all of them if no minimum is known."""
        if self.solution is None:
            return np.arange(self.classes)
        turning = np.abs(self.solution.left[:, ties.tied(self.solution)]).max(1, initial=0)
        lengths = np.diagonal(closed_form.targets(self.solution)["classifier"])
        return np.flatnonzero((lengths > 0) & (turning < ties.TIE))

    def has_slope(self) -> bool:
        """Whether lengths of at least two class sizes are there to compare."""
        return len(np.unique(self.sizes[self.fixed_lengths()])) > 1

    def slopes(self) -> np.ndarray:
        """Slope of log p_k against log n_k at the end over `fixed_lengths`, by seed."""
        classes = self.fixed_lengths()
        lengths = np.diagonal(self["classifier"][:, -1, 0], axis1=-2, axis2=-1)
        return log_slopes(np.log(self.sizes[classes]), lengths[:, classes])

    def predicted_slope(self) -> float:
        """The same of the closed form."""
        classes, lengths = self.fixed_lengths(), np.diagonal(closed_form.targets(self.solution)["classifier"])
        return float(log_slopes(np.log(self.sizes[classes]), lengths[None, classes])[0])

    def imbalance_rates(self) -> np.ndarray:
        """Decay rate per iteration of the layers' imbalance, fitted over the last half, by seed."""
        late = self.points >= self.points[-1] / 2
        return -log_slopes(self.points[late], self["imbalance"][:, late])

    def predicted_rate(self) -> float:
        """`imbalance_rate` at the nominal decay."""
        return imbalance_rate(self.settings | {"weight_decay": self.weight_decay})


def log_slopes(x: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Least-squares slope of log values [units, points] over x [points], by unit; NaN where it is undefined.

    Undefined: fewer than two places, or a value that is not a positive number.
    """
    slopes = np.full(len(values), np.nan)
    if len(np.unique(x)) < 2:
        return slopes
    for unit in np.flatnonzero((np.isfinite(values) & (values > 0)).all(1)):
        slopes[unit] = np.polyfit(x, np.log(values[unit]), 1)[0]
    return slopes
