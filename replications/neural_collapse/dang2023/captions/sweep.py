"""Captions of regularisation sweeps: classes that vanish one by one, and the jump of deeper heads."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from replications.neural_collapse.dang2023 import closed_form
from replications.neural_collapse.dang2023.captions.common import listed
from replications.neural_collapse.dang2023.measuring.sweep import NEAR, near_threshold
from replications.neural_collapse.dang2023.plotting.select import Heads
from replications.neural_collapse.dang2023.plotting.sweep import predicted_lengths
from verifig.ground.numbers import text
from verifig.pages import marked

ZERO = 1e-3  # self-output below which a class counts as collapsed


def staircase_alt(measured: pd.DataFrame, settings: Mapping) -> str:
    """Thresholds, and how far the points lie from the predicted lines."""
    sizes = settings["sizes"]
    predicted = {decay: predicted_lengths(settings, decay) for decay in measured["decay"].unique()}
    expected = [
        predicted[decay][sizes.index(size)] for decay, size in zip(measured["decay"], measured["size"], strict=True)
    ]
    worst = float(np.abs(measured["classifier"] - expected).max())
    limits = {n: closed_form.critical_decay(n, sum(sizes), settings["depth"]) for n in sorted(set(sizes))}
    return (
        "Squared classifier length by class size against decay. Lines fall to zero at dotted thresholds, "
        f"{listed(f'{text(limit)} for n = {n}' for n, limit in limits.items())}; no point lies further than {text(worst, 2)} from its line."
    )


def staircase_note(measured: pd.DataFrame, settings: Mapping) -> str:
    """What is drawn, and how many decays lie too near to a threshold to be judged."""
    decays = measured["decay"].unique()
    near = int(near_threshold(settings["sizes"], settings["depth"], decays).sum())
    told = marked.of_table(f"{near} of {len(decays)}", measured, "decay", "those near a threshold, over")
    return f"Rings: direct optimisation, {settings['seeds']} seeds; lines: closed form; dotted: thresholds. " + (
        f"{told} decays lie within {text(100 * NEAR)} % of a threshold; they are drawn but not judged." if near else ""
    )


def jump_alt(heads: Heads) -> str:
    """What the theory lines do."""
    deep = listed(sorted({s["depth"] for s in heads.values()} - {1}))
    return (
        f"Upper left: mean self-output against pressure, in theory continuous to zero for one layer, for {deep} layers a branch "
        "that ends above zero. Upper right: objectives along these lines; that of one layer rises to one half, those of deeper "
        "heads cross it at the threshold. Below: the decay of features and layers that ends the smallest class, by number of "
        "layers."
    )


def jump_note(branches: pd.DataFrame, heads: Heads) -> str:
    """Where the runs from either start end."""
    cold = branches[branches["condition"].isin([n for n, s in heads.items() if s["start"] == "random"])]
    warm = branches[branches["condition"].isin([n for n, s in heads.items() if s["start"] == "minimiser"])]
    zero = int((cold["self_output"] < ZERO).sum())
    limit = np.array([closed_form.spinodal(depth) for depth in warm["depth"]])
    alive = warm[warm["beta"].to_numpy() < limit]
    kept = int((alive["self_output"] >= ZERO).sum())
    beyond = int((warm[warm["beta"].to_numpy() >= limit]["self_output"] < ZERO).sum())
    begin = listed(sorted({f"{s['start_beta']:g}" for s in heads.values() if s["start"] == "minimiser"}))
    past = warm.drop(alive.index)
    counts = ((kept, alive, "do not end at zero"), (beyond, past, "end at zero"), (zero, cold, "end at zero"))
    kept, beyond, zero = (
        marked.of_table(f"{found} of {len(rows)}", rows, "self_output", f"those that {what} among")
        for found, rows, what in counts
    )
    return (
        "Lines: closed form, solid where it is the global minimum and dashed where it is a local one. Circles: runs started near "
        f"the minimiser of β = {begin}; below the spinodal {kept} do not end at zero, beyond it {beyond} "
        f"do. Squares, one inside the other by depth: runs started near zero; {zero} "
        "end there. Below: one decay for features and layers, closed form."
    )
