"""Figure 1, Tables 1 and 3: students against their teachers and raw pixels, under three probes."""

import numpy as np

from replications.random_teachers.sarnthein2023.captions.run import SHORT, Run, listed
from replications.random_teachers.sarnthein2023.measuring.conditions import PROBES, REGIMES
from verifig.ground import numbers
from verifig.pages.page import MISSING

RATES = ("encoder_learning_rate", "head_learning_rate")
STUDENTS = (("plain", "full"), ("plain", "alpha_06"), ("kick", "local"))  # whose gains are compared by probe


def regimes(run: Run) -> str:
    """Learning rates and widths of the three regimes."""
    parts = []
    for name in REGIMES:
        s = run.page.settings(name)
        encoder, head = (f"{s[rate]:g}" for rate in RATES)
        parts.append(
            f"`{name}` (learning rates {encoder} for the encoder and {head} for the head, {s['head_width']:,} wide)"
        )
    return (
        f"The small networks are trained in three regimes, named as the experiments are: {'; '.join(parts)}. {raised(run)} "
        "The paper uses 0.001 for everything and a head 2,048 wide."
    )


def raised(run: Run) -> str:
    """By how much the rates of the raised regimes exceed the low ones."""
    low = run.page.settings("plain")
    parts = []
    for name in ("kick", "wide_kick"):
        factors = [run.page.settings(name)[rate] / low[rate] for rate in RATES]
        encoder, head = ("the same rate" if np.isclose(f, 1) else f"{f:.3g} times the rate" for f in factors)
        parts.append(f"`{name}` has {encoder} for the encoder and {head} for the head")
    return f"Against `plain`, {'; '.join(parts)}."


def independent(run: Run) -> str:
    """The student of Figure 1, and what it beats."""
    return (
        f"Here: MLP encoders of width {run.page.settings('plain')['width']} on 14x14 MNIST in the regime `plain`, "
        f"{run.page.seeds('plain', 'full')} seeds, the student initialised with alpha = {run.alpha('plain', 'full')} (1: independently of "
        f"its teacher). {against_teacher(run)} {against_pixels(run)}"
    )


def against_teacher(run: Run) -> str:
    """Under which probes the independent student beats its teacher."""
    signs = {probe: run.sign("plain", f"{probe}_gain", condition="full") for probe in PROBES}
    if None in signs.values():
        return f"{MISSING}."
    named = {probe: f"{SHORT[probe]} ({run.gain('plain', 'full', probe)} points)" for probe in PROBES}
    better = [named[probe] for probe, sign in signs.items() if sign > 0]
    rest = [named[probe] for probe, sign in signs.items() if sign <= 0]
    told = f"It ends above its teacher under {listed(better)}." if better else ""
    return f"{told} It does not end above its teacher under {listed(rest)}.".strip() if rest else told


def over_pixels(run: Run, probe: str) -> float:
    """Student minus raw pixels in percentage points; NaN where either is missing."""
    student = run.values("plain", probe, condition="full")
    pixels = run.values("plain", f"input_{probe}")
    return 100 * (student.mean() - pixels[0]) if len(student) and len(pixels) else float("nan")


def against_pixels(run: Run) -> str:
    """Whether the student beats the raw pixels, the other half of the paper's claim."""
    found = {probe: over_pixels(run, probe) for probe in PROBES}
    if np.isnan(list(found.values())).any():
        return f"{MISSING}."
    below = [
        f"{run.page.formed(numbers.text(-value, 2), 'plain', f'input {p} less the mean of {p} over seeds, in points')} ({SHORT[p]})"
        for p, value in found.items()
        if value < 0
    ]
    if not below:
        return "It beats the raw pixels under every probe, as in the paper."
    above = [SHORT[probe] for probe, value in found.items() if value >= 0]
    beats = f"It beats the raw pixels under {listed(above)} only" if above else "**It does not beat the raw pixels**"
    return (
        f"{beats}: it stays below them by {listed(below)} points. That half of the paper's claim is not seen here; "
        f"a linear function of the pixels already reads {run.percent('plain', 'input_linear')} of the digits."
    )


def over_training_alt(run: Run) -> str:
    """Last values by probe: teacher, student, pixels."""
    parts = []
    for probe in PROBES:
        student, teacher = (run.percent("plain", name, condition="full") for name in (probe, f"teacher_{probe}"))
        pixels = run.percent("plain", f"input_{probe}")
        parts.append(f"{SHORT[probe]}: teacher {teacher}, student {student}, raw pixels {pixels}")
    return (
        f"Three panels, one a probe: test accuracy of the student over {run.page.settings('plain')['steps']:,} steps, with those "
        f"of the teacher and of raw pixels as level lines. At the end, {'; '.join(parts)}."
    )


def longer_probing(run: Run) -> str:
    """What a longer linear probe reads off the teachers, and what it does to the gain."""
    short, long = run.page.settings("plain")["probe_steps"], run.page.settings("plain", "full")["long_probe_steps"]
    before, after = (run.percent("plain", name, condition="full") for name in ("teacher_linear", "teacher_linear_long"))
    return (
        f"Our teachers' linear probe reads {before} after {short:,} steps and {after} after {long:,}. "
        f"{longer_probing_gain(run)}"
    )


def longer_probing_gain(run: Run) -> str:
    """Whether the shorter linear probe had converged, and the gain under both."""
    short, long = run.gain("plain", "full", "linear"), run.gain("plain", "full", "linear_long")
    teacher = run.values("plain", "teacher_linear_long", condition="full")
    if MISSING in (short, long) or not len(teacher):
        return f"{MISSING}."
    rise = teacher.mean() - run.values("plain", "teacher_linear", condition="full").mean()
    state = "had not converged" if rise > 0.01 else "had converged to a point of accuracy"
    return f"So the shorter one {state}; the student's gain is {short} points under it and {long} under the longer one."


def probes_and_long(run: Run) -> dict[str, str]:
    """Labels by column, on two lines, the long linear probe included."""
    names, steps = run.probes(), run.page.settings("plain", "full")["long_probe_steps"]
    long = {"linear_long": f"linear, {steps:,} steps"} if steps else {}
    order = {"linear": names["linear"]} | long | {name: names[name] for name in ("ridge", "neighbours")}
    return {name: label.replace(", ", ",\n").replace("nearest ", "nearest\n") for name, label in order.items()}


def students(run: Run) -> dict[tuple[str, str], str]:
    """Labels of the students whose gains are compared by probe."""
    return {(name, condition): f"{name}, alpha = {run.alpha(name, condition)}" for name, condition in STUDENTS}


def by_probe_alt(run: Run) -> str:
    """Gains by probe."""
    parts = [
        f"{label}: " + listed([f"{run.gain(*student, probe)} ({SHORT[probe]})" for probe in PROBES])
        for student, label in students(run).items()
    ]
    return (
        "Gain of students over their teachers in percentage points, by probe, with 95 % intervals, beside the paper's. "
        f"{'; '.join(parts)}."
    )


def by_probe_note(run: Run) -> str:
    """What is drawn, and where the long probe is run."""
    return (
        "Dots and bars: means and 95 % intervals over seeds. Open diamonds and squares: the paper's gains on CIFAR10, of "
        "students that start next to their teachers."
        + (
            ""
            if run.page.settings("kick")["long_probe_steps"]
            else " The long probe is run in the regime `plain` only."
        )
    )


def conditioning(run: Run) -> str:
    """Gains next to the teacher under each probe and far from it, and what the linear probe sees alone."""
    linear, ridge, neighbours = (run.gain("kick", "local", probe) for probe in PROBES)
    return (
        f"Next to the teacher (`kick`, alpha = {run.alpha('kick', 'local')}) the student gains {linear} points under the linear probe, "
        f"{ridge} under ridge and {neighbours} under nearest neighbours. {mostly_conditioning(run)} Far from it (`plain`, "
        f"alpha = {run.alpha('plain', 'full')}) it gains {run.gain('plain', 'full', 'ridge')} points under ridge."
    )


def mostly_conditioning(run: Run) -> str:
    """Whether a converged probe sees less than half of the local student's gain."""
    linear, ridge = (run.values("kick", f"{probe}_gain", condition="local") for probe in ("linear", "ridge"))
    if not len(linear) or not len(ridge):
        return f"{MISSING}."
    if ridge.mean() < linear.mean() / 2:
        return "So most of what the linear probe gains there is not seen by a converged one; better conditioning would explain it."
    return "So most of the gain there remains under a converged probe."
