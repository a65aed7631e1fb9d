"""What follows from the closed form for the authors' code: facts for its readers."""

from collections.abc import Mapping, Sequence

from replications.neural_collapse.dang2023 import closed_form, metrics
from replications.neural_collapse.dang2023.captions.common import listed
from verifig.ground.numbers import text

DECAY = 5e-4  # of features and layers
LETTERS, LETTERS_DECAY = [1500] + [600] * 5 + [50] * 20, 1e-5  # their EMNIST subset: images by class, nominal decay


def notes(staircase: Mapping) -> str:
    """Which root their script takes, in the setting of the staircase with three layers, and which decay their target has."""
    return (
        "- In the closed form x must be the **largest** root and must be compared with the threshold. The authors' script takes "
        f"the largest root without that comparison: {survivors(staircase['sizes'], 3, [*staircase['decays'], DECAY])}.\n"
        "- nn.MSELoss averages over classes too. The authors' imbalanced target is computed with the nominal decay (1e-5 in "
        "their code), which with one layer leaves an irreducible misfit of "
        f"{text(scaling_misfit(LETTERS, 1, LETTERS_DECAY), 2)} on their {len(LETTERS)} classes of EMNIST."
    )


def survivors(sizes: Sequence[int], depth: int, decays: Sequence[float]) -> str:
    """At the smallest and the largest decay where they differ: classes that the largest root keeps, and the optimum."""
    kept = {}
    for decay in decays:
        root = int((closed_form.branch(closed_form.pressure(sizes, depth, decay, decay), depth) > 0).sum())
        best = int((closed_form.solve(sizes, depth, decay, decay).x > 0).sum())
        if root != best:
            count = "1 class" if root == 1 else f"{root} classes"
            kept[decay] = f"at decay {decay:g} it keeps {count} where the global optimum keeps {best}"
    setting = f"with {depth} layers and classes of {listed(sizes)}"
    return (
        f"{setting}, {listed(kept[decay] for decay in sorted({min(kept), max(kept)}))}"
        if kept
        else f"{setting} both keep the same classes"
    )


def scaling_misfit(sizes: Sequence[int], depth: int, decay: float) -> float:
    """Misfit of the target at the nominal decay to the one at K times that, which a loss averaged over classes has."""
    found = [
        closed_form.targets(closed_form.solve(sizes, depth, factor * decay, factor * decay))["classifier"]
        for factor in (1, len(sizes))
    ]
    return float(metrics.misfit(*found))
