"""Artifacts -> statistics and curves. One value per seed for each statistic; no torch."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from replications.sparse_training.liu2022 import reference, resnet_measure
from verifig.measuring.series import Series
from verifig.measuring.tables import Tables, difference, melt, paired, ratio
from verifig.training.artifacts import Artifact

WIDTHS = (32, 64, 128)  # over which the slope is taken
SPARSITIES = (50, 20, 10, 5)  # densities in %
EQUAL_COUNT = ((20, 64), (10, 128), (5, 256))  # densities in % and widths of networks whose counts rise least
NARROW = {19: "er_10_128", 25: "er_5_256", 46: "er_10_256"}  # dense widths, and sparse networks of as many weights
RULES = ("erk", "er", "uniform", "uniform_plus", "erk_plus")
PAIRS = (("er", "uniform"), ("snip_ratio", "uniform"), ("snip_ratio", "er"), ("snip_mask", "snip_ratio"),
         ("reversed", "uniform"))  # fmt: skip


def measure(artifacts: Mapping[str, Artifact], out: Tables) -> None:
    """Fill `out` from whatever experiments ran at this scale, and from the paper's figure."""
    if "layers" in artifacts:
        _layers(artifacts["layers"], out)
        _published(out)
    series = {name: Series(artifacts[name], "steps") for name in ("widths", "ratios") if name in artifacts}
    for name, records in series.items():
        for condition in records.settings:
            out.per_seed(name, "test_accuracy", records.last(condition, "test_accuracy"), {"condition": condition})
        out.exact(name, "largest_pruned", artifacts[name]["largest_pruned"].max())
    if "widths" in series:
        _gaps(series["widths"], out)
        _differences(series["widths"], out)
        _narrow(series["widths"], out)
    if "ratios" in series:
        _rules(series["ratios"], out)
    for name in ("resnets", "resnets_digits"):
        if name in artifacts:
            resnet_measure.measure(name, Series(artifacts[name], "epochs"), out)


def final(records: Series, condition: str) -> np.ndarray:
    """Test accuracies [seeds] at the end; none where the condition was left out."""
    return records.last(condition, "test_accuracy") if condition in records else np.empty(0)


def gap(records: Series, density: int, width: int) -> np.ndarray:
    """Test accuracy of the dense network minus that of the one with ER densities (in %), by seed."""
    return difference(final(records, f"dense_{width}"), final(records, f"er_{density}_{width}"))


def slopes(gaps: list[np.ndarray], widths: list[int]) -> np.ndarray:
    """Slope [seeds] of the logarithm of gaps ([seeds] each) on that of widths; NaN where a gap is not above 0."""
    values = np.array(paired(*gaps))
    logs = np.log(np.where(values > 0, values, np.nan))
    x = np.log(np.array(widths, float))
    x -= x.mean()
    return x @ logs / (x @ x)


def _layers(artifact: Artifact, out: Tables) -> None:
    """Densities of the paper's networks, and what holds of every rule."""
    asked = artifact["asked"]
    names = sorted({name.split(" ")[0] for name in artifact if name != "asked"})
    for network in names:
        kinds = artifact[f"{network} kinds"]
        for row, density in enumerate(asked):
            for kind in dict.fromkeys(kinds.tolist()):
                found = artifact[f"{network} erk"][row][kinds == kind]
                out.exact("layers", "density", found.mean(), {"network": network, "asked": density, "layer": kind})
            kept = np.minimum(artifact[f"{network} unchecked"][row], 1) @ artifact[f"{network} sizes"]
            share = kept / artifact[f"{network} sizes"].sum() / density
            place = {"network": network, "asked": density}
            out.exact("layers", "unchecked_share", share, place)
            out.exact("layers", "unchecked_largest", artifact[f"{network} unchecked"][row].max(), place)
    for rule in RULES:
        sizes = {network: artifact[f"{network} sizes"] for network in names}
        kept = {network: artifact[f"{network} {rule}"] @ sizes[network] / sizes[network].sum() for network in names}
        error = max(abs(kept[network] / asked - 1).max() for network in names)
        out.exact("layers", "sum_error", error, {"rule": rule})
        out.exact("layers", "largest", max(artifact[f"{n} {rule}"].max() for n in names), {"rule": rule})
        out.exact("layers", "smallest", min(artifact[f"{n} {rule}"].min() for n in names), {"rule": rule})
    out.exact("layers", "largest", max(artifact[f"{n} unchecked"].max() for n in names), {"rule": "unchecked"})
    out.exact("layers", "out_of_order", sum(_out_of_order(artifact, network) for network in names))
    out.exact("layers", "by_size_out_of_order", sum(_out_of_order(artifact, n, "by_size") for n in names))
    out.curve("layers", _layer_curve(artifact, "20-16" if "20-16" in names else names[0]))


def _out_of_order(artifact: Artifact, network: str, rule: str = "erk") -> int:
    """Neighbours in the order of raw values of which the smaller one has the higher density, over all densities."""
    order = artifact[f"{network} raw"].argsort(kind="stable")
    return int((np.diff(artifact[f"{network} {rule}"][:, order], axis=1) < -1e-12).sum())


def _layer_curve(artifact: Artifact, network: str, density: float = 0.1) -> pd.DataFrame:
    """Densities by rule and layer of a network at the overall density that is nearest to the given one."""
    row = abs(artifact["asked"] - density).argmin()
    kinds = artifact[f"{network} kinds"]
    frames = [melt(artifact[f"{network} {rule}"][row], rule=rule, x=np.arange(len(kinds))) for rule in RULES]
    return pd.concat([frame.assign(layer=kinds) for frame in frames])


def _published(out: Tables) -> None:
    """Gaps between dense and ERK in the paper's figure, in points, and how they fall with depth."""
    curves = {rule: np.array(values) for rule, values in reference.ACCURACY.items()}
    gaps = dict(zip(reference.DEPTHS, curves["dense"] - curves["erk"], strict=True))
    for depth, value in gaps.items():
        out.exact("layers", "published_gap", value, {"depth": depth})
    for shallow, deep in resnet_measure.FALLS:
        out.exact("layers", "published_fall", gaps[shallow] - gaps[deep], {"from": shallow, "to": deep})
    frames = [melt(values, rule=rule, x=np.array(reference.DEPTHS)) for rule, values in curves.items()]
    out.curve("published", pd.concat(frames))


def _gaps(records: Series, out: Tables) -> None:
    """Dense minus sparse by width and density; the slope of the gap, at equal density and at equal count."""
    frames, widths = [], sorted({s["width"] for c, s in records.settings.items() if c.startswith("dense")})
    for width in widths:
        for density in SPARSITIES:
            found = gap(records, density, width)
            out.per_seed("widths", "gap", found, {"density": density, "width": width})
            frames.append(melt(found[:, None], density=density, seed=range(len(found)), x=[width]))
    if frames:
        out.curve("gaps", pd.concat(frames))
    for density in SPARSITIES:
        same = slopes([gap(records, density, width) for width in WIDTHS], list(WIDTHS))
        out.per_seed("widths", "gap_slope", same, {"density": density})
    counts = slopes([gap(records, *place) for place in EQUAL_COUNT], [width for _, width in EQUAL_COUNT])
    out.per_seed("widths", "gap_slope", counts, {"density": "varied"})


def _differences(records: Series, out: Tables) -> None:
    """ER minus uniform at width 64, and the nulls: another mask of the same densities, and nothing pruned to speak of."""
    for density in (5, 50):
        gain = difference(final(records, f"er_{density}_64"), final(records, f"uniform_{density}_64"))
        out.per_seed("widths", "er_minus_uniform", gain, {"density": density})
    again = difference(final(records, "er_50_64"), final(records, "again_50_64"))
    out.per_seed("widths", "mask_difference", again)
    out.per_seed("widths", "full_difference", difference(final(records, "dense_64"), final(records, "full_64")))


def _narrow(records: Series, out: Tables) -> None:
    """Dense narrow networks against sparse wide ones of as many weights."""
    frames = []
    for width, sparse in NARROW.items():
        name = f"narrow_{width}"
        if name not in records or sparse not in records:
            continue
        out.per_seed(
            "widths", "narrow_gain", difference(final(records, name), final(records, sparse)), {"dense": width}
        )
        surplus = ratio(records.last(name, "weights"), records.last(sparse, "weights"))
        out.exact("widths", "count_ratio", surplus.max(), {"dense": width})
        for label, condition in (("dense", name), ("sparse", sparse)):
            values, weights = final(records, condition), records.last(condition, "weights")
            table = melt(values, net=label, pair=width, seed=range(len(values)))
            frames.append(table.assign(x=weights, width=records.settings[condition]["width"]))
    if frames:
        out.curve("counts", pd.concat(frames))


def _rules(records: Series, out: Tables) -> None:
    """Differences between rules at equal density, and the densities that they give."""
    frames, layers = [], []
    for first, second in PAIRS:
        gain = difference(final(records, first), final(records, second))
        out.per_seed("ratios", "difference", gain, {"first": first, "second": second})
    for condition in records.settings:
        values, kept = final(records, condition), records[condition, "densities"]
        frames.append(melt(values, rule=condition, seed=range(len(values))))
        for layer in range(kept.shape[1]):
            out.per_seed("ratios", "density", kept[:, layer], {"rule": condition, "layer": layer + 1})
        layers.append(melt(kept.mean(0), rule=condition, x=np.arange(1, kept.shape[1] + 1)))
    out.curve("rules", pd.concat(frames))
    out.curve("rule_densities", pd.concat(layers))
