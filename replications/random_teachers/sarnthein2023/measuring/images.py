"""Statistics and curves of the paper-scale programs: convolutional networks, lottery tickets, connectivity."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from replications.random_teachers.sarnthein2023.measuring.conditions import CONVOLUTIONAL, PROBES
from verifig.measuring.series import Series
from verifig.measuring.tables import Tables, difference, melt
from verifig.training.artifacts import Artifact

DIFFERENCES = [
    # experiment, a, b: paired differences of the final linear probe on the first target
    ("cifar10", "vgg11_alpha_06", "vgg11"),
    ("cifar10", "vgg11", "vgg11_alpha_1"),
    ("cifar10", "resnet18", "resnet18_alpha_1"),
    ("samples", "images_50000", "images_500"),
    ("ablations", "outputs_4096", "default"),
    ("ablations", "default", "outputs_16"),
    ("ablations", "weight_norm", "no_feature_norm"),
]


def measure(artifacts: Mapping[str, Artifact], out: Tables) -> None:
    """Fill `out` from whatever ran."""
    distilled = {name: Series(artifacts[name], "epochs") for name in CONVOLUTIONAL if name in artifacts}
    for name, series in distilled.items():
        _distilled(name, series, out)
    if "cifar10" in distilled and "datasets" in distilled:
        _transfer(distilled["datasets"], distilled["cifar10"], out)
    if "tickets" in artifacts:
        _tickets(Series(artifacts["tickets"], "remaining"), out)
    if "connectivity" in artifacts:
        _connectivity(Series(artifacts["connectivity"], "places"), out)


def _distilled(name: str, series: Series, out: Tables) -> None:
    """Probes by condition and target: last epoch, best epoch (the paper's protocol), teacher, input, gain."""
    frames = []
    for condition, settings in series.settings.items():
        for column, target in enumerate(settings["targets"]):
            label = {"condition": condition, "target": target}
            for k, probe in enumerate(PROBES):
                student = series[condition, "probes"][:, :, column, k]
                teacher, pixels = (series[condition, field][:, column, k] for field in ("teacher", "input"))
                out.per_seed(name, probe, student[:, -1], label)
                out.per_seed(name, f"{probe}_best", student[:, 1:].max(1), label)
                if np.isfinite(teacher).any():  # NaN where they were not to be probed
                    out.per_seed(name, f"{probe}_gain", student[:, -1] - teacher, label)
                    out.per_seed(name, f"teacher_{probe}", teacher, label)
                if np.isfinite(pixels).any():
                    out.per_seed(name, f"{probe}_over_input", student[:, -1] - pixels, label)
                for seed, (epochs, values) in enumerate(zip(series[condition, "epochs"], student, strict=True)):
                    facts = label | {"probe": probe, "seed": seed, "alpha": settings["alpha"]}
                    facts |= {"teacher": teacher[seed], "input": pixels[seed]}
                    frames.append(pd.DataFrame(facts | {"x": epochs, "value": values}))
        for field in ("kl", "distance"):
            out.per_seed(name, field, series.last(condition, field), {"condition": condition})
    out.curve(f"{name}_probing", pd.concat(frames))
    for experiment, a, b in DIFFERENCES:
        if experiment == name and a in series and b in series:
            first, second = (series.last(condition, "probes")[:, 0, 0] for condition in (a, b))
            out.per_seed(name, "linear_difference", difference(first, second), {"a": a, "b": b})


def _transfer(datasets: Series, cifar10: Series, out: Tables) -> None:
    """Linear probe on CIFAR10 of students distilled on TinyImageNet minus those distilled on CIFAR10."""
    for network in ("vgg11", "resnet18"):
        foreign = f"{network}_tinyimagenet"
        if foreign not in datasets or network not in cifar10:
            continue
        targets = datasets.settings[foreign]["targets"]
        if "cifar10" in targets:
            first = datasets.last(foreign, "probes")[:, targets.index("cifar10"), 0]
            second = cifar10.last(network, "probes")[:, 0, 0]
            out.per_seed("datasets", "transfer_difference", difference(first, second), {"network": network})


def _tickets(series: Series, out: Tables) -> None:
    """Accuracy by remaining weights; paired difference of arms after every round."""
    frames = []
    for condition in series.settings:
        records = zip(series[condition, "remaining"], series[condition, "accuracy"], strict=True)
        for seed, (remaining, accuracy) in enumerate(records):
            columns = {"condition": condition, "seed": seed, "x": remaining, "value": accuracy}
            frames.append(pd.DataFrame(columns))
    out.curve("tickets", pd.concat(frames))
    if "distilled" not in series or "initial" not in series:
        return
    rounds = difference(series["distilled", "accuracy"], series["initial", "accuracy"]).T
    for number, values in enumerate(rounds):
        label = {"a": "distilled", "b": "initial", "round": number}
        out.per_seed("tickets", "accuracy_difference", values, label)


def barrier(errors: np.ndarray) -> np.ndarray:
    """Highest error on a line minus the mean of its ends: [..., points] -> [...] (Section 6)."""
    return errors.max(-1) - (errors[..., 0] + errors[..., -1]) / 2


def _connectivity(series: Series, out: Tables) -> None:
    """Barriers, averaged over pairs of orders, and the mean error on the lines."""
    barriers, frames = {}, []
    for condition in series.settings:
        lines = series[condition, "errors"]
        barriers[condition] = barrier(lines).mean(1)
        out.per_seed("connectivity", "barrier", barriers[condition], {"condition": condition})
        frames.append(melt(lines.mean(1), condition=condition, seed=range(len(lines)), x=series.points))
    out.curve("connectivity", pd.concat(frames))
    if "initial" in barriers and "distilled" in barriers:
        values = difference(barriers["initial"], barriers["distilled"])
        out.per_seed("connectivity", "barrier_difference", values, {"a": "initial", "b": "distilled"})
