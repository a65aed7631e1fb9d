"""Statistics and curves of the paper-scale programs: convolutional networks, lottery tickets, connectivity."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from verifig.measuring.tables import Tables
from verifig.training.artifacts import Artifact
from verifig.training.members import members_of

PROBES = ("linear", "ridge", "neighbours")  # order of the last axis of the probe records
DISTILLED = ("cifar10", "datasets", "samples", "ablations")
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
    for name in DISTILLED:
        if name in artifacts:
            _distilled(name, artifacts[name], out)
    if "cifar10" in artifacts and "datasets" in artifacts:
        _transfer(artifacts["datasets"], artifacts["cifar10"], out)
    if "tickets" in artifacts:
        _tickets(artifacts["tickets"], out)
    if "connectivity" in artifacts:
        _connectivity(artifacts["connectivity"], out)


def _rows(artifact: Artifact) -> dict[str, list[int]]:
    rows: dict[str, list[int]] = {}
    for index, member in enumerate(members_of(artifact.meta["job"]["settings"])):
        rows.setdefault(member["condition"], []).append(index)
    return rows


def _targets(artifact: Artifact) -> dict[str, list[str]]:
    return {member["condition"]: member["targets"] for member in members_of(artifact.meta["job"]["settings"])}


def _distilled(name: str, artifact: Artifact, out: Tables) -> None:
    """Probes by condition and target: last epoch, best epoch (the paper's protocol), teacher, input, gain."""
    rows, targets, frames = _rows(artifact), _targets(artifact), []
    alphas = {member["condition"]: member["alpha"] for member in members_of(artifact.meta["job"]["settings"])}
    for condition, indices in rows.items():
        for column, target in enumerate(targets[condition]):
            label = {"condition": condition, "target": target}
            for k, probe in enumerate(PROBES):
                student = artifact["probes"][indices][:, :, column, k]
                teacher = artifact["teacher"][indices][:, column, k]
                pixels = artifact["input"][indices][:, column, k]
                out.per_seed(name, probe, student[:, -1], label)
                out.per_seed(name, f"{probe}_best", student[:, 1:].max(1), label)
                if np.isfinite(teacher).any():  # NaN where they were not to be probed
                    out.per_seed(name, f"{probe}_gain", student[:, -1] - teacher, label)
                    out.per_seed(name, f"teacher_{probe}", teacher, label)
                if np.isfinite(pixels).any():
                    out.per_seed(name, f"{probe}_over_input", student[:, -1] - pixels, label)
                for seed, values in enumerate(student):
                    facts = label | {"probe": probe, "seed": seed, "alpha": alphas[condition]}
                    facts |= {"teacher": teacher[seed], "input": pixels[seed]}
                    frames.append(pd.DataFrame(facts | {"x": artifact["epochs"][indices[seed]], "value": values}))
        for field in ("kl", "distance"):
            out.per_seed(name, field, artifact[field][indices][:, -1], {"condition": condition})
    out.curve(f"{name}_probing", pd.concat(frames))
    for experiment, a, b in DIFFERENCES:
        if experiment == name and a in rows and b in rows:
            first, second = (artifact["probes"][rows[c]][:, -1, 0, 0] for c in (a, b))
            out.per_seed(name, "linear_difference", paired(first, second), {"a": a, "b": b})


def paired(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Differences of the units that both have."""
    shared = min(len(first), len(second))
    return first[:shared] - second[:shared]


def _transfer(datasets: Artifact, cifar10: Artifact, out: Tables) -> None:
    """Linear probe on CIFAR10 of students distilled on TinyImageNet minus those distilled on CIFAR10."""
    rows, own = _rows(datasets), _rows(cifar10)
    for network in ("vgg11", "resnet18"):
        foreign = rows.get(f"{network}_tinyimagenet")
        if foreign and network in own and "cifar10" in (targets := _targets(datasets)[f"{network}_tinyimagenet"]):
            column = targets.index("cifar10")
            first = datasets["probes"][foreign][:, -1, column, 0]
            second = cifar10["probes"][own[network]][:, -1, 0, 0]
            out.per_seed("datasets", "transfer_difference", paired(first, second), {"network": network})


def _tickets(artifact: Artifact, out: Tables) -> None:
    """Accuracy by remaining weights; paired difference of arms after every round."""
    rows, frames = _rows(artifact), []
    for condition, indices in rows.items():
        for seed, index in enumerate(indices):
            columns = {"condition": condition, "seed": seed, "x": artifact["remaining"][index]}
            frames.append(pd.DataFrame(columns | {"value": artifact["accuracy"][index]}))
    out.curve("tickets", pd.concat(frames))
    if "distilled" not in rows or "initial" not in rows:
        return
    for number in range(artifact["accuracy"].shape[1]):
        first, second = (artifact["accuracy"][rows[arm]][:, number] for arm in ("distilled", "initial"))
        label = {"a": "distilled", "b": "initial", "round": number}
        out.per_seed("tickets", "accuracy_difference", paired(first, second), label)


def barrier(errors: np.ndarray) -> np.ndarray:
    """Highest error on a line minus the mean of its ends: [..., points] -> [...] (Section 6)."""
    return errors.max(-1) - (errors[..., 0] + errors[..., -1]) / 2


def _connectivity(artifact: Artifact, out: Tables) -> None:
    """Barrier (highest error on the line minus mean of its ends), averaged over pairs of orders."""
    rows, errors, barriers, frames = _rows(artifact), artifact["errors"], {}, []
    for condition, indices in rows.items():
        lines = errors[indices]
        barriers[condition] = barrier(lines).mean(1)
        out.per_seed("connectivity", "barrier", barriers[condition], {"condition": condition})
        for seed, pairs in enumerate(lines):
            columns = {"condition": condition, "seed": seed, "x": artifact["places"]}
            frames.append(pd.DataFrame(columns | {"value": pairs.mean(0)}))
    out.curve("connectivity", pd.concat(frames))
    if "initial" in barriers and "distilled" in barriers:
        difference = paired(barriers["initial"], barriers["distilled"])
        out.per_seed("connectivity", "barrier_difference", difference, {"a": "initial", "b": "distilled"})
