"""Records of training against the predicted geometry, per condition: what `measure` forms statistics and curves from."""

from collections.abc import Mapping

import numpy as np

from replications.neural_collapse import closed_form, metrics
from verifig.artifacts import Artifact
from verifig.rulesets import members


def series_by_condition(artifact: Artifact) -> dict[str, "Series"]:
    """One `Series` for each condition of a training experiment."""
    settings = artifact.meta["job"]["settings"]
    rows: dict[str, list[int]] = {}
    found = members(settings)
    for index, member in enumerate(found):
        rows.setdefault(member["condition"], []).append(index)
    return {name: Series(artifact, indices, found[indices[0]], settings) for name, indices in rows.items()}


class Series:
    """All seeds of one condition. Arrays are [seeds, log points, ...].

    Attributes:
        family: "of" (equal classes), "etf" (equal classes with a bias) or "gof" (unequal classes).
        solution: closed form at the nominal decays (those of the experiment where the condition switches decay off).
    """

    def __init__(self, artifact: Artifact, rows: list[int], member: Mapping, settings: Mapping):
        self.artifact, self.rows, self.member = artifact, rows, member
        self.x = artifact["iterations"]
        self.sizes, self.depth = np.array(member["sizes"], float), member["depth"]
        self.classes = len(self.sizes)
        self.family = "gof" if np.ptp(self.sizes) > 0 else "etf" if member["bias"] else "of"
        nominal = [member[name] or settings[name] for name in ("weight_decay", "feature_decay")]
        self.weight_decay, self.feature_decay = nominal
        self.solution = None
        if min(nominal) > 0 and member.get("loss_scale", "theory") == "theory":
            self.solution = closed_form.solve(self.sizes, self.depth, *nominal, bias=member["bias"])

    def __getitem__(self, name: str) -> np.ndarray:
        return self.artifact[name][self.rows]

    def __contains__(self, name: str) -> bool:
        return name in self.artifact

    def targets(self) -> dict[str, np.ndarray]:
        """Target matrices [K, K]; for equal classes their scale means nothing."""
        if self.family == "gof":
            return closed_form.targets(self.solution)
        target = metrics.frame(self.classes, self.family == "etf")
        return dict.fromkeys(("classifier", "feature", "output"), target)

    def misfits(self) -> dict[str, np.ndarray]:
        """NC2 and NC3 against the own target, and the misfit of Wp Wp^T to the frame and the simplex, [seeds, points].

        Equal classes: the worst linear layer counts; unequal classes: the product of all layers and its input.
        """
        layers = slice(0, 1) if self.family == "gof" else slice(0, self.depth)
        classifier, feature = self["classifier"][:, :, layers], self["feature"][:, :, layers]
        output = self["output"][:, :, None]
        if self.family == "etf":
            feature, output = metrics.centre(feature, self.sizes), metrics.centre(output, self.sizes, sides=1)
        target = self.targets()
        scale = 1.0
        if self.family == "gof":
            scale = self.solution.classifier + self.sizes.sum() * self.feature_decay
        full = self["classifier"][:, :, 0]
        result = {
            "nc2_w": metrics.misfit(classifier, target["classifier"]).max(2),
            "nc2_h": metrics.misfit(feature, target["feature"]).max(2),
            "nc3": metrics.misfit(output, target["output"]).max(2),
            "nc3_dual": metrics.duality(classifier, feature, output, scale).max(2),
            "own_misfit": metrics.misfit(full, target["classifier"]),
            "of_misfit": metrics.misfit(full, metrics.frame(self.classes, False)),
            "etf_misfit": metrics.misfit(full, metrics.frame(self.classes, True)),
        }
        result["other_misfit"] = result["etf_misfit" if self.family == "of" else "of_misfit"]
        return result

    def classifier_error(self) -> np.ndarray:
        """Largest error of a diagonal entry of Wp Wp^T over the largest predicted one, [seeds, points]."""
        predicted = np.diagonal(closed_form.targets(self.solution, self.member["bias"])["classifier"])
        found = np.diagonal(self["classifier"][:, :, 0], axis1=-2, axis2=-1)
        return np.abs(found - predicted).max(-1) / predicted.max()

    def slopes(self) -> np.ndarray:
        """Slope of log p_k against log n_k at the end, by seed."""
        lengths = np.diagonal(self["classifier"][:, -1, 0], axis1=-2, axis2=-1)
        return np.array([np.polyfit(np.log(self.sizes), np.log(row), 1)[0] for row in lengths])

    def imbalance_rates(self) -> np.ndarray:
        """Decay rate per iteration of the layers' imbalance, fitted over the last half, by seed."""
        late = self.x >= self.x[-1] / 2
        return np.array([-np.polyfit(self.x[late], np.log(row[late]), 1)[0] for row in self["imbalance"]])

    def predicted_rate(self) -> float:
        """2 lam eta / (1 - mu) per iteration."""
        return 2 * self.weight_decay * self.member["learning_rate"] / (1 - self.member["momentum"])
