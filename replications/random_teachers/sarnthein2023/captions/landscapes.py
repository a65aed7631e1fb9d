"""Figures 5, 13 and 14, and Section 5: the loss around a teacher, on planes and on a line."""

import math

import numpy as np
import pandas as pd

from replications.random_teachers.sarnthein2023.captions.run import Run, listed
from replications.random_teachers.sarnthein2023.plotting.landscapes import FLOOR
from verifig.ground import numbers
from verifig.pages import marked
from verifig.pages.page import MISSING

RAISED = ("kick", "wide_kick")  # regimes whose lines are drawn


def alphas(run: Run) -> dict[str, float]:
    """Locality of both students of the planes."""
    return {name: run.page.settings("planes", name)["alpha"] for name in ("local", "independent")}


def planes_note(run: Run, planes: pd.DataFrame) -> str:
    """What is drawn, barriers, and probing accuracy at the models."""
    return (
        f"One teacher, not a mean over seeds ({run.regime('planes')}). White lines: weight norm. log10 KL below "
        f"{math.log10(FLOOR):.0f} is drawn as that. {barriers(planes)} {probing_on_plane(planes)}"
    )


def barriers(planes: pd.DataFrame) -> str:
    """Highest KL on the way to both students of the shared plane, over the KL at their ends."""
    found = {"local": _way(planes, "a", "b"), "independent": _way(planes, "b", "a")}
    if None in found.values():
        return f"{MISSING}."
    (local, local_end), (independent, independent_end) = found.values()
    parts = [
        f"{_kl(planes, numbers.text(top, 2), name)} ({_kl(planes, numbers.text(top / end, 2), name)} times the student's own) to the {name}"
        for name, (top, end) in found.items()
    ]
    if max(local / local_end, independent / independent_end) <= 1:
        return f"No barrier is seen: on the way the KL peaks at {listed(parts)} student."
    height = "lower towards" if local < independent else "not lower towards"
    as_there = ", as in the paper" if local < independent else ""
    return f"On the way the KL peaks at {listed(parts)} student: the barrier is {height} the local student{as_there}."


def _kl(planes: pd.DataFrame, told: str, name: str) -> str:
    rows = planes[planes["view"] == "shared"]
    return marked.of_table(told, rows, "kl", f"largest on the way to the {name} student, of")


def _way(planes: pd.DataFrame, along: str, across: str) -> tuple[float, float] | None:
    """(highest KL strictly between the teacher and a student, KL at the student) on one axis of the shared plane."""
    shared = planes[(planes["view"] == "shared") & np.isclose(planes[across], 0)]
    between = shared[(shared[along] > 1e-9) & (shared[along] < 1 - 1e-9)]
    end = shared[np.isclose(shared[along], 1)]
    return None if between.empty or end.empty else (between["kl"].max(), end["kl"].iloc[0])


def probing_on_plane(planes: pd.DataFrame) -> str:
    """Linear probe at the models of the shared plane, and the best of the plane."""
    shared = planes[planes["view"] == "shared"]
    found = {
        name: shared.loc[np.isclose(shared["a"], a) & np.isclose(shared["b"], b), "linear"]
        for name, a, b in (("teacher", 0, 0), ("local student", 1, 0), ("independent student", 0, 1))
    }
    if any(values.empty for values in found.values()):
        return f"{MISSING}."
    parts = [
        marked.of_table(f"{numbers.text(100 * values.iloc[0])} %", shared.loc[values.index], "linear")
        + f" at the {name}"
        for name, values in found.items()
    ]
    best = marked.of_table(f"{numbers.text(100 * shared['linear'].max())} %", shared, "linear", "largest of")
    return f"The linear probe reads {listed(parts)}; the highest of that plane is {best}."


def valley_alt(run: Run) -> str:
    """What is drawn, and how steep the cliff is."""
    return (
        f"KL on the line through teacher and student, on a log axis, and on a random line, in two regimes. {cliff(run)}"
    )


def valley_note(run: Run) -> str:
    """What is drawn, how steep the cliff and how high the barrier is."""
    return (
        "Thick lines: medians, thin lines: seeds. At the teacher itself the KL is 0: the lines break there. "
        f"{cliff(run)} {barrier_on_line(run)}"
    )


def cliff(run: Run) -> str:
    """KL backwards over KL forwards, on the line to the student and on a random one."""
    parts = []
    for name in RAISED:
        line, random = (
            run.median(name, statistic, condition="local") for statistic in ("asymmetry", "random_asymmetry")
        )
        parts.append(f"{line} times (`{name}`; random line: {random})")
    return (
        f"A tenth of the way backwards from the teacher the KL is, in the median, {listed(parts)} what it is forwards."
    )


def barrier_on_line(run: Run) -> str:
    """Highest KL between teacher and student over that at the student."""
    parts = [f"{run.median(name, 'barrier', condition='local')} times (`{name}`)" for name in RAISED]
    return f"Between the two it rises to {listed(parts)} its value at the student."


def first_step(run: Run) -> str:
    """How much of an independent start's divergence Adam's first step makes."""
    parts = []
    for name in ("plain", "kick"):
        mean, reach = (run.page.number(name, "first_step_ratio", take=take) for take in ("mean", "range"))
        parts.append(f"{mean} of it in `{name}` (seeds: {reach})")
    return (
        "How far does Adam's first step alone throw a local student? Measured by the divergence of an independent start, "
        f"it makes {listed(parts)}."
    )
