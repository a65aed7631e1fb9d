"""Artifacts -> statistics and curves. One value per seed for each statistic; no torch."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.stats import mannwhitneyu, rankdata

from verifig.measuring.tables import Tables, difference, melt
from verifig.training.artifacts import Artifact
from verifig.training.members import members_of
from verifig.training.seeds import derive

BINS = 20  # of the score order, in which wrong labels are counted
SETTLED = 2  # epoch from which EL2N and GraNd are compared as "after a few epochs"
GAINS = {  # accuracy of the first choice minus that of the second, seed by seed
    "pruning": [
        ("el2n_50", "random_50"),
        ("el2n_50", "full"),
        ("el2n_50_at_0", "random_50"),
        ("lowest_50", "random_50"),
        ("random_50_again", "random_50"),
        ("grand_50_at_0", "random_50"),
        ("grand_50_at_0", "input_norm_50"),
        ("grand_50_at_15", "random_50"),
        ("grand_50_at_15", "grand_50_at_0"),
        ("input_norm_50", "random_50"),
        ("el2n_25", "random_25"),
        ("el2n_25", "forgetting_25"),
        ("el2n_25", "full"),
        ("el2n_25", "single_25"),
        ("random_10", "el2n_10"),
        ("el2n_10", "random_10"),
        ("window_50", "window_60"),
        ("window_60", "random_40"),
    ],
    "noise": [("window_50", "window_60"), ("window_60", "random_40")],
    "longer": [("el2n_50", "full"), ("el2n_50", "random_50")],
    "cifar": [("el2n_50", "full"), ("el2n_50", "random_50"), ("grand_50_at_0", "random_50")],
    "cifar_noise": [("window_50", "window_60"), ("window_60", "random_40")],
}


def measure(artifacts: Mapping[str, Artifact], out: Tables) -> None:
    """Fill `out` from whatever experiments ran at this scale."""
    if "identities" in artifacts:
        for name, values in artifacts["identities"].items():
            out.per_seed("identities", name, values)
    for name in ("pruning", "noise", "longer", "cifar", "cifar_last", "cifar_noise"):
        if name in artifacts:
            _accuracies(name, artifacts[name], out)
    if "pruning" in artifacts:
        _scores(artifacts["pruning"], out)
    if "noise" in artifacts:
        _wrong_labels(artifacts["noise"], out)
    if "cifar_noise" in artifacts:
        found = artifacts["cifar_noise"]
        out.per_seed("cifar_noise", "auc", map(auc, _at_score_epoch(found, "el2n"), found["wrong"]))
    for name in ("dynamics", "dynamics_noise"):
        if name in artifacts:
            _velocity(name, artifacts[name], out)
    if "dynamics" in artifacts:
        _barriers(artifacts["dynamics"], out)


def _accuracies(name: str, artifact: Artifact, out: Tables) -> None:
    """Accuracy of every choice, paired differences, and a table of both with what defines the choice."""
    frames, found = [], arms(artifact, artifact["accuracy"])
    for arm, (member, values) in found.items():
        out.per_seed(name, "accuracy", values, {"arm": arm})
        told = {key: member[key] for key in ("score", "score_epoch", "start", "keep", "draw")}
        frames.append(melt({"accuracy": values}, arm=arm, seed=range(len(values))).assign(**told))
    for arm, over in GAINS.get(name, []):
        if arm in found and over in found:
            gain = difference(found[arm][1], found[over][1])
            out.per_seed(name, "gain", gain, {"arm": arm, "over": over})
    out.curve(name, pd.concat(frames))


def arms(artifact: Artifact, values: np.ndarray) -> dict[str, tuple[dict, np.ndarray]]:
    """Settings and values [seeds, ...] of every condition."""
    rows: dict[str, tuple[dict, list[int]]] = {}
    for row, member in enumerate(members_of(artifact.meta["job"]["settings"])):
        rows.setdefault(member["condition"], (member, []))[1].append(row)
    return {name: (member, values[chosen]) for name, (member, chosen) in rows.items()}


def _scores(artifact: Artifact, out: Tables) -> None:
    """Rank correlations of scores, by epoch and between independent sets of runs."""
    epochs = artifact["epochs"].tolist()
    el2n, grand, norm = (artifact[field] for field in ("el2n", "grand", "input_norm"))
    seeds = range(len(el2n))
    agreement = np.array([[rank(el2n[s, e], grand[s, e]) for e in range(len(epochs))] for s in seeds])
    with_norm = np.array([[rank(grand[s, e], norm) for e in range(len(epochs))] for s in seeds])
    forgotten = np.array([[rank(el2n[s, e], artifact["forgetting"][s, -1]) for e in range(len(epochs))] for s in seeds])
    mean = el2n.mean(2)
    for place, epoch in enumerate(epochs):
        at = {"epoch": epoch}
        out.per_seed("pruning", "rank_el2n_grand", agreement[:, place], at)
        out.per_seed("pruning", "rank_grand_norm", with_norm[:, place], at)
        out.per_seed("pruning", "rank_forgetting", forgotten[:, place], at)
        out.per_seed("pruning", "mean_el2n", mean[:, place], at)
    if (settled := np.array(epochs) >= SETTLED).any():
        out.per_seed("pruning", "rank_el2n_grand_least", agreement[:, settled].min(1))
    out.per_seed("pruning", "rank_grand_norm_last", with_norm[:, -1])
    fields = {"el2n_grand": agreement, "grand_norm": with_norm, "forgetting": forgotten, "mean_el2n": mean}
    out.curve("scores", melt(fields, seed=seeds, x=epochs))
    out.curve("norms", pd.DataFrame({"norm": norm, "grand": grand[0, 0]}).iloc[::8])
    sets, singles = (
        np.array([rank(*pair) for pair in zip(scores[::2], scores[1::2], strict=False)])
        for scores in (_at_score_epoch(artifact, field) for field in ("el2n", "el2n_single"))
    )
    out.per_seed("pruning", "rank_sets", sets)
    out.per_seed("pruning", "rank_singles", singles)
    out.per_seed("pruning", "rank_sets_over_singles", sets - singles)


def _wrong_labels(artifact: Artifact, out: Tables) -> None:
    """How well EL2N finds the labels that were redrawn and are wrong, and where in its order these lie."""
    score, shuffled = (_at_score_epoch(artifact, field) for field in ("el2n", "el2n_shuffled"))
    wrong = artifact["labels"] != artifact["right_labels"]
    marks = [np.random.default_rng(derive("paul2021", "mark", s)).permutation(each) for s, each in enumerate(wrong)]
    out.per_seed("noise", "auc", map(auc, score, wrong))
    out.per_seed("noise", "auc_shuffled", map(auc, shuffled, wrong))
    out.per_seed("noise", "auc_random_mark", map(auc, score, marks))
    ranked = np.take_along_axis(wrong, np.argsort(score, axis=1), 1)
    shares = np.stack([part.mean(1) for part in np.array_split(ranked, BINS, axis=1)], 1)
    out.per_seed("noise", "wrong_share", wrong.mean(1))
    out.per_seed("noise", "wrong_in_top", shares[:, -BINS // 10 :].mean(1))
    out.curve("wrong", melt({"share": shares}, seed=range(len(shares)), x=(np.arange(BINS) + 0.5) / BINS))


def _at_score_epoch(artifact: Artifact, field: str) -> np.ndarray:
    """A score [units, n] at the epoch of the settings, or the last one if that was not scored."""
    epochs, wanted = artifact["epochs"].tolist(), artifact.meta["job"]["settings"]["score_epoch"]
    return artifact[field][:, epochs.index(wanted) if wanted in epochs else -1]


def _velocity(name: str, artifact: Artifact, out: Tables) -> None:
    """Kernel velocity of the highest group over that of the lowest and of the middle one."""
    velocity, groups = artifact["velocity"], artifact["groups"]
    epochs = np.arange(velocity.shape[2])
    with np.errstate(divide="ignore", invalid="ignore"):
        for over, place in (("bottom", 0), ("middle", len(groups) // 2 - 1)):
            ratio = velocity[:, -1] / velocity[:, place]
            for epoch in epochs:
                out.per_seed(name, "velocity_ratio", ratio[:, epoch], {"epoch": int(epoch), "over": over})
    out.per_seed(name, "accuracy", artifact["accuracy"])
    out.curve(name, melt({"velocity": velocity}, seed=range(len(velocity)), group=groups, x=epochs))


def _barriers(artifact: Artifact, out: Tables) -> None:
    """Error barriers by group and by the epoch at which the children part."""
    barrier, spawns = artifact["barrier"], artifact["spawns"].tolist()
    groups = ("bottom", "random", "top")
    for (at, spawn), (column, group) in ((s, g) for s in enumerate(spawns) for g in enumerate(groups)):
        out.per_seed("dynamics", "barrier", barrier[:, at, column], {"spawn": spawn, "group": group})
    top = barrier[..., groups.index("top")]
    gaps = top - barrier[..., groups.index("bottom")]
    for at, spawn in enumerate(spawns):
        out.per_seed("dynamics", "barrier_gap", gaps[:, at], {"spawn": spawn})
    out.per_seed("dynamics", "barrier_drop", top[:, 0] - top[:, -1])
    out.curve("barriers", melt({"barrier": barrier}, seed=range(len(barrier)), x=spawns, group=groups))


def rank(one: np.ndarray, other: np.ndarray) -> float:
    """Spearman's rank correlation of two scores [n]; infinite ones are the largest. NaN where one score is constant."""
    one, other = rankdata(one), rankdata(other)
    return float(np.corrcoef(one, other)[0, 1]) if np.ptp(one) and np.ptp(other) else np.nan


def auc(score: np.ndarray, marked: np.ndarray) -> float:
    """Probability that a marked example has the higher score of a marked and an unmarked one: [n], bool [n].

    NaN where no example or every one is marked.
    """
    if marked.all() or not marked.any():
        return np.nan
    above = mannwhitneyu(score[marked], score[~marked]).statistic
    return float(above / (marked.sum() * (~marked).sum()))
