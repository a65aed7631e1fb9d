"""Statistics and curves of the ResNets (paper scale)."""

import numpy as np
import pandas as pd

from verifig.measuring.series import Series
from verifig.measuring.tables import Tables, difference, melt, paired

DEPTHS = (20, 32, 44, 56, 110)
FALLS = ((20, 32), (32, 44), (20, 110))  # depths between which the gap is to fall
WIDTHS = {8: "20_w8", 16: "20", 24: "20_w24"}  # of ResNet-20
RULES = ("dense", "erk", "snip", "uniform", "uniform_plus")


def measure(name: str, records: Series, out: Tables) -> None:
    """Fill `out` from the runs of an experiment."""
    for condition in records.settings:
        values = records.last(condition, "test_accuracy")
        out.per_seed(name, "accuracy_percent", 100 * values, {"condition": condition})
    for shallow, deep in FALLS:
        fall = difference(_gap(records, f"{shallow}"), _gap(records, f"{deep}"))
        out.per_seed(name, "gap_fall", fall, {"from": shallow, "to": deep})
    out.per_seed(name, "gap_slope", _slope(records))
    half = difference(_final(records, "dense_110"), _final(records, "erk_110_half"))
    out.per_seed(name, "half_gap", half, {"depth": 110})
    for depth in DEPTHS:
        for first, second in (("erk", "uniform"), ("snip", "uniform"), ("snip", "erk"), ("erk", "uniform_plus")):
            gain = difference(_final(records, f"{first}_{depth}"), _final(records, f"{second}_{depth}"))
            out.per_seed(name, "difference", gain, {"first": first, "second": second, "depth": depth})
    frames = [
        melt(100 * found[:, None], rule=rule, seed=range(len(found)), x=[depth])
        for depth in DEPTHS
        for rule in RULES
        if len(found := _final(records, f"{rule}_{depth}"))
    ]
    if frames:
        out.curve(f"{name}_depths", pd.concat(frames))


def _final(records: Series, condition: str) -> np.ndarray:
    return records.last(condition, "test_accuracy") if condition in records else np.empty(0)


def _gap(records: Series, network: str) -> np.ndarray:
    """Dense minus ERK, by seed."""
    return difference(_final(records, f"dense_{network}"), _final(records, f"erk_{network}"))


def _slope(records: Series) -> np.ndarray:
    """Slope [seeds] of the gap of ResNet-20 on the logarithm of its width."""
    values = np.array(paired(*(_gap(records, network) for network in WIDTHS.values())))
    x = np.log(np.array(list(WIDTHS), float))
    x -= x.mean()
    return x @ values / (x @ x)
