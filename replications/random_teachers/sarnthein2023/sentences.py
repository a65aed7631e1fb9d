"""Sentences of the page, chosen and filled by this run's settings and statistics; what is missing is MISSING."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from replications.random_teachers.sarnthein2023.plots import BY_IMAGES, BY_OUTPUTS, INDEPENDENT, PROBES
from verifig.ground import numbers
from verifig.ground.errors import RunError
from verifig.judging import stats
from verifig.pages.page import MISSING, Page

RATES = ("encoder_learning_rate", "head_learning_rate")
SHORT = {"linear": "the linear probe", "ridge": "ridge", "neighbours": "nearest neighbours"}


def listed(items: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, [", ".join(items[:-1]), *items[-1:]]))


class Sentences:
    """What the page says about one run."""

    def __init__(self, page: Page):
        self.page = page

    # ---- settings ------------------------------------------------------------------------------------------------

    def setting(self, experiment: str, condition: str, name: str) -> object:
        """A setting of a condition; MISSING where the scale leaves the condition out."""
        try:
            return self.page.settings(experiment, condition)[name]
        except RunError:
            return MISSING

    def alpha(self, experiment: str, condition: str) -> str:
        value = self.setting(experiment, condition, "alpha")
        return value if isinstance(value, str) else f"{value:g}"

    def plane_alphas(self) -> dict[str, float]:
        return {name: self.page.settings("planes", name)["alpha"] for name in ("local", "independent")}

    def regime(self, experiment: str) -> str:
        """Short label: learning rates of encoder and head, width of the head."""
        s = self.page.settings(experiment)
        rates = f"{s['encoder_learning_rate']:g}/{s['head_learning_rate']:g}"
        return f"{experiment}: rates {rates}, head {s['head_width']}"

    def probes(self, experiment: str) -> dict[str, str]:
        s = self.page.settings(experiment)
        names = (f"linear, {s['probe_steps']:,} steps", "ridge", f"{s['neighbours']} nearest neighbours")
        return dict(zip(PROBES, names, strict=True))

    def probes_and_long(self, experiment: str, condition: str) -> dict[str, str]:
        """Labels by column, on two lines, the long linear probe included."""
        names, steps = self.probes(experiment), self.page.settings(experiment, condition)["long_probe_steps"]
        long = {"linear_long": f"linear, {steps:,} steps"} if steps else {}
        order = {"linear": names["linear"]} | long | {name: names[name] for name in ("ridge", "neighbours")}
        return {name: label.replace(", ", ",\n").replace("nearest ", "nearest\n") for name, label in order.items()}

    def sources(self) -> dict[str, str]:
        """Labels of the conditions that differ in what the student sees."""
        images = {name: self.setting("plain", name, "distinct_images") for name in reversed(BY_IMAGES)}
        return {name: f"{count:,}\nimages" for name, count in images.items() if count != MISSING} | {
            "digits": "other\ndigits",
            "noise": "noise",
            "permuted": "answers\npermuted",
        }

    # ---- statistics ----------------------------------------------------------------------------------------------

    def values(self, experiment: str, statistic: str, **condition: object) -> np.ndarray:
        return self.page.value(experiment, statistic, condition).to_numpy(float)

    def points(self, experiment: str, statistic: str, **condition: object) -> str:
        """Mean over seeds in percentage points."""
        values = self.values(experiment, statistic, **condition)
        return numbers.text(100 * values.mean(), 2) if len(values) and np.isfinite(values).all() else MISSING

    def gain(self, experiment: str, condition: str, probe: str) -> str:
        return self.points(experiment, f"{probe}_gain", condition=condition)

    def sign(self, experiment: str, statistic: str, **condition: object) -> int | None:
        """1 or -1 if the 95 % interval of the mean lies on that side of 0, 0 if it holds 0, None without values."""
        values = self.values(experiment, statistic, **condition)
        if not len(values) or not np.isfinite(values).all():
            return None
        found = stats.mean(values)
        return int(found.low > 0) - int(found.high < 0)

    def by_sign(self, sign: int | None, above: str, level: str, below: str) -> str:
        return f"{MISSING}." if sign is None else {1: above, 0: level, -1: below}[sign]

    # ---- Figure 1, Tables 1 and 3 --------------------------------------------------------------------------------

    def against_teacher(self) -> str:
        """Under which probes the independent student beats its teacher."""
        signs = {probe: self.sign("plain", f"{probe}_gain", condition="full") for probe in PROBES}
        if None in signs.values():
            return f"{MISSING}."
        named = {probe: f"{SHORT[probe]} ({self.gain('plain', 'full', probe)} points)" for probe in PROBES}
        better = [named[probe] for probe, sign in signs.items() if sign > 0]
        rest = [named[probe] for probe, sign in signs.items() if sign <= 0]
        told = f"It ends above its teacher under {listed(better)}." if better else ""
        return f"{told} It does not end above its teacher under {listed(rest)}.".strip() if rest else told

    def over_pixels(self, probe: str) -> float:
        """Student minus raw pixels in percentage points; NaN where either is missing."""
        student = self.values("plain", probe, condition="full")
        pixels = self.values("plain", f"input_{probe}")
        return 100 * (student.mean() - pixels[0]) if len(student) and len(pixels) else float("nan")

    def against_pixels(self) -> str:
        """Whether the student beats the raw pixels, the other half of the paper's claim."""
        found = {probe: self.over_pixels(probe) for probe in PROBES}
        if np.isnan(list(found.values())).any():
            return f"{MISSING}."
        below = [f"{numbers.text(-value, 2)} ({SHORT[p]})" for p, value in found.items() if value < 0]
        if not below:
            return "It beats the raw pixels under every probe, as in the paper."
        above = [SHORT[probe] for probe, value in found.items() if value >= 0]
        beats = (
            f"It beats the raw pixels under {listed(above)} only" if above else "**It does not beat the raw pixels**"
        )
        return (
            f"{beats}: it stays below them by {listed(below)} points. That half of the paper's claim is not seen here; "
            f"a linear function of the pixels already reads {self.page.number('plain', 'input_linear', percent=True)} of the digits."
        )

    def ends(self) -> str:
        """Last values by probe: teacher, student, pixels."""
        parts = []
        for probe in PROBES:
            student, teacher = (
                self.page.number("plain", name, {"condition": "full"}, percent=True)
                for name in (probe, f"teacher_{probe}")
            )
            pixels = self.page.number("plain", f"input_{probe}", percent=True)
            parts.append(f"{SHORT[probe]}: teacher {teacher}, student {student}, raw pixels {pixels}")
        return f"At the end, {'; '.join(parts)}."

    def longer_probing(self) -> str:
        """What a longer linear probe does to the gain."""
        short, long = self.gain("plain", "full", "linear"), self.gain("plain", "full", "linear_long")
        teacher = self.values("plain", "teacher_linear_long", condition="full")
        if MISSING in (short, long) or not len(teacher):
            return f"{MISSING}."
        rise = teacher.mean() - self.values("plain", "teacher_linear", condition="full").mean()
        state = "had not converged" if rise > 0.01 else "had converged to a point of accuracy"
        return f"So the shorter one {state}; the student's gain is {short} points under it and {long} under the longer one."

    def gains_by_probe(self) -> str:
        shown = (("plain", "full"), ("plain", "alpha_06"), ("kick", "local"))
        parts = [
            f"{name}, alpha = {self.alpha(name, condition)}: "
            + listed([f"{self.gain(name, condition, probe)} ({SHORT[probe]})" for probe in PROBES])
            for name, condition in shown
        ]
        return "; ".join(parts) + "."

    def mostly_conditioning(self) -> str:
        """Whether a converged probe sees less than half of the local student's gain."""
        linear, ridge = (self.values("kick", f"{probe}_gain", condition="local") for probe in ("linear", "ridge"))
        if not len(linear) or not len(ridge):
            return f"{MISSING}."
        if ridge.mean() < linear.mean() / 2:
            return "So most of what the linear probe gains there is not seen by a converged one; better conditioning would explain it."
        return "So most of the gain there remains under a converged probe."

    # ---- Figure 4 ------------------------------------------------------------------------------------------------

    def by_source(self) -> str:
        """Gain under ridge by what the student saw."""
        names = {name: label.replace("\n", " ") for name, label in self.sources().items()}
        return listed([f"{self.gain('plain', name, 'ridge')} points ({label})" for name, label in names.items()])

    def noise(self) -> str:
        """Where noise leaves the student, against the paper's far below the teacher."""
        ridge, linear = (self.sign("plain", f"{probe}_gain", condition="noise") for probe in ("ridge", "linear"))
        told = self.by_sign(
            ridge,
            "Noise helps a little: the paper's fall far below the teacher is not seen.",
            "Noise leaves the student where its teacher is: the paper's fall far below the teacher is not seen.",
            "Noise leaves the student below its teacher, as in the paper.",
        )
        if linear is not None and linear != ridge:
            told += f" Under the linear probe noise changes it by {self.gain('plain', 'noise', 'linear')} points."
        return told

    def transfer(self) -> str:
        """What other digits are worth beside the images themselves, which the paper finds equal."""
        digits, images = (self.gain("plain", name, "linear") for name in ("digits", "full"))
        return f"Other digits are worth {digits} points of linear accuracy, MNIST itself {images}; in the paper both are equal."

    def raised(self) -> str:
        """By how much the rates of the raised regimes exceed the low ones."""
        low = self.page.settings("plain")
        parts = []
        for name in ("kick", "wide_kick"):
            factors = [self.page.settings(name)[rate] / low[rate] for rate in RATES]
            encoder, head = ("the same rate" if np.isclose(f, 1) else f"{f:.3g} times the rate" for f in factors)
            parts.append(f"`{name}` has {encoder} for the encoder and {head} for the head")
        return f"Against `plain`, {'; '.join(parts)}."

    def seeds(self, *experiments: str) -> str:
        """Fewest and most seeds of the conditions that ran, `8` or `6 to 32`."""
        runs = self.page.statistics
        chosen = runs[runs["experiment"].isin(experiments) & (runs["statistic"] == "kl")]
        counts = chosen.groupby(["experiment", "condition"])["seed"].nunique()
        ends = dict.fromkeys((counts.min(), counts.max()))
        return " to ".join(map(str, ends)) if len(counts) else MISSING

    def permuted(self) -> str:
        return self.by_sign(
            self.sign("plain", "ridge_gain", condition="permuted"),
            "Answers that belong to other images help too, which they should not.",
            "Answers that belong to other images do not help.",
            "Answers that belong to other images harm.",
        )

    def images_grow(self) -> str:
        """Slope of the linear probe per factor of ten in distinct images, beside the paper's."""
        slope = self.points("plain", "linear_per_decade")
        paper = self.page.paper("fig4")
        rise = (paper["accuracy"][1] - paper["accuracy"][0]) / np.log10(paper["images"][1] / paper["images"][0])
        return f"A factor of ten in images is worth {slope} points of linear accuracy (the paper's points: {rise:.1f})."

    # ---- Figures 3 and 17 ----------------------------------------------------------------------------------------

    def alphas(self, experiment: str) -> dict[str, str]:
        """Conditions that ran and differ in alpha alone, by alpha."""
        names = {"plain": ("local", "alpha_02", "alpha_06", "full")}.get(experiment)
        names = names or ("local", "alpha_03", "alpha_06", "independent")
        return {
            name: self.alpha(experiment, name) for name in names if len(self.values(experiment, "kl", condition=name))
        }

    def by_alpha(self, experiment: str, probe: str) -> str:
        """Gain by alpha under one probe."""
        found = [f"{self.gain(experiment, name, probe)} at {text}" for name, text in self.alphas(experiment).items()]
        if not found:
            return f"{MISSING}."
        return f"In `{experiment}`, under {SHORT[probe]}, the gain in points by alpha is {listed(found)}."

    def order(self, experiment: str) -> str:
        """Whether the local student beats the independent one, probe by probe."""
        far = INDEPENDENT[experiment]
        signs = {p: self.sign(experiment, f"{p}_difference", a="local", b=far) for p in PROBES}
        if None in signs.values():
            return f"{MISSING}."
        ends = f"alpha = {self.alpha(experiment, 'local')} against {self.alpha(experiment, far)}"
        better, worse, level = ([SHORT[p] for p, sign in signs.items() if sign == s] for s in (1, -1, 0))
        if len(worse) == len(PROBES):
            return f"**This is the reverse of the paper's order** ({ends}, every probe)."
        told = (
            f"The paper's order ({ends}) shows under {listed(better)}"
            if better
            else f"The paper's order ({ends}) is not seen"
        )
        return told + (f", not under {listed(level + worse)}." if better and level + worse else ".")

    def below_teacher(self, experiment: str) -> str:
        """What remains of the independent student: in the paper it still beats its teacher."""
        far = INDEPENDENT[experiment]
        told = self.by_sign(
            self.sign(experiment, "linear_gain", condition=far),
            "As in the paper the independent student still beats its teacher under the linear probe.",
            "The independent student is level with its teacher under the linear probe; in the paper it is considerably better.",
            "**But the picture is not the paper's: the independent student falls below its teacher** under the linear probe, "
            "where the paper's is considerably better than its teacher.",
        )
        near, middle = self.gain(experiment, "local", "linear"), self.gain(experiment, "alpha_06", "linear")
        text = self.alpha(experiment, "alpha_06")
        return f"{told} And at alpha = {text} the gain is {middle} points against {near} next to the teacher, two values that agree in the paper."

    def firing(self) -> str:
        """Share of embedding units that fire, local and independent, by regime."""
        parts = []
        for experiment, far in INDEPENDENT.items():
            near, end = (
                self.page.number(experiment, "alive", {"condition": condition}, percent=True)
                for condition in ("local", far)
            )
            parts.append(f"{near} and {end} in `{experiment}`")
        return f"Of the embedding units, next to the teacher and far from it, there fire {listed(parts)} (lower right)."

    def divergence(self) -> str:
        """KL of independent over local students by regime."""
        parts = [
            f"{self.page.number(name, 'kl_ratio', {'a': far, 'b': 'local'}, take='median')} (`{name}`)"
            for name, far in INDEPENDENT.items()
        ]
        return f"The independent student ends at a KL that is a multiple of the local one's, in the median {listed(parts)}."

    def distance(self) -> str:
        parts = [
            f"{self.page.number(name, 'distance', {'condition': 'local'}, take='median')} and "
            f"{self.page.number(name, 'distance', {'condition': far}, take='median')} (`{name}`)"
            for name, far in INDEPENDENT.items()
        ]
        return f"The local and the independent student travel {listed(parts)}."

    # ---- Figures 5, 13, 14 and Section 5 -------------------------------------------------------------------------

    def barriers(self, planes: pd.DataFrame) -> str:
        """Highest KL on the way to both students of the shared plane, over the KL at their ends."""
        found = {name: _way(planes, along) for name, along in (("local", "a"), ("independent", "b"))}
        if None in found.values():
            return f"{MISSING}."
        local, independent = (found[name] for name in ("local", "independent"))
        parts = [
            f"{numbers.text(top, 2)} ({numbers.text(top / end, 2)} times the student's own) to the {name}"
            for name, (top, end) in found.items()
        ]
        if max(local[0] / local[1], independent[0] / independent[1]) <= 1:
            return f"No barrier is seen: on the way the KL peaks at {listed(parts)} student."
        lower = (
            "lower towards the local student, as in the paper"
            if local[0] < independent[0]
            else "not lower towards the local student"
        )
        return f"On the way the KL peaks at {listed(parts)} student: the barrier is {lower}."

    def probing_on_plane(self, planes: pd.DataFrame) -> str:
        """Linear probe at the models of the shared plane, and the best of the plane."""
        shared = planes[planes["view"] == "shared"]
        found = {
            name: shared.loc[np.isclose(shared["a"], a) & np.isclose(shared["b"], b), "linear"]
            for name, a, b in (("teacher", 0, 0), ("local student", 1, 0), ("independent student", 0, 1))
        }
        if any(values.empty for values in found.values()):
            return f"{MISSING}."
        parts = [f"{numbers.text(100 * values.iloc[0])} % at the {name}" for name, values in found.items()]
        return f"The linear probe reads {listed(parts)}; the highest of that plane is {numbers.text(100 * shared['linear'].max())} %."

    def cliff(self) -> str:
        """KL backwards over KL forwards, on the line to the student and on a random one."""
        parts = [
            f"{self.page.number(name, 'asymmetry', {'condition': 'local'}, take='median')} times (`{name}`; "
            f"random line: {self.page.number(name, 'random_asymmetry', {'condition': 'local'}, take='median')})"
            for name in ("kick", "wide_kick")
        ]
        return f"A tenth of the way backwards from the teacher the KL is, in the median, {listed(parts)} what it is forwards."

    def barrier_on_line(self) -> str:
        parts = [
            f"{self.page.number(name, 'barrier', {'condition': 'local'}, take='median')} times (`{name}`)"
            for name in ("kick", "wide_kick")
        ]
        return f"Between the two it rises to {listed(parts)} its value at the student."

    def first_step(self) -> str:
        """How much of an independent start's divergence Adam's first step makes."""
        parts = [
            f"{self.page.number(name, 'first_step_ratio')} of it in `{name}` (seeds: {self.page.number(name, 'first_step_ratio', take='range')})"
            for name in ("plain", "kick")
        ]
        return (
            "How far does Adam's first step alone throw a local student? Measured by the divergence of an independent start, "
            f"it makes {listed(parts)}."
        )

    # ---- Figure 10 and the rest ----------------------------------------------------------------------------------

    def by_outputs(self) -> str:
        sizes = {name: self.setting("plain", name, "output_size") for name in BY_OUTPUTS}
        parts = [f"{self.gain('plain', name, 'linear')} points with {size} outputs" for name, size in sizes.items()]
        return f"Under the linear probe the gain is {listed(parts)}."

    def noise_next_to_teacher(self) -> str:
        """Whether local students at raised rates depend on what they see."""
        pair = {"a": "local", "b": "local_noise"}
        linear, ridge = (self.points("kick", f"{probe}_difference", **pair) for probe in ("linear", "ridge"))
        told = self.by_sign(
            self.sign("kick", "linear_difference", **pair),
            "so images matter there too",
            "so what they see hardly matters there",
            "so noise does better there",
        )
        return (
            f"In `kick`, local students that saw images minus those that saw noise: {linear} points under the linear probe, {ridge} "
            f"under ridge; {told.rstrip('.')}."
        )


def _way(planes: pd.DataFrame, along: str) -> tuple[float, float] | None:
    """(highest KL strictly between the teacher and a student, KL at the student) on one axis of the shared plane."""
    other: Mapping[str, str] = {"a": "b", "b": "a"}
    shared = planes[(planes["view"] == "shared") & np.isclose(planes[other[along]], 0)]
    between = shared[(shared[along] > 1e-9) & (shared[along] < 1 - 1e-9)]
    end = shared[np.isclose(shared[along], 1)]
    return None if between.empty or end.empty else (between["kl"].max(), end["kl"].iloc[0])
