"""The collapse threshold of two-class softmax, for the reader to move."""

import math

import numpy as np

from verifig.pages.exploring import Explorer, Scale, Settings, Shown, Slider
from verifig.pages.figures import BLUE, GREY
from verifig.pages.page import Page

SCRIPT = """
const threshold = s => s.bits * Math.LN2;
const exact = z => 1 / (1 + Math.exp(z));
const at = (z, s) => [exact(z), z < threshold(s) ? exact(z) : 0];
const of = s => [threshold(s)];
"""


def bits(precision: str) -> int:
    """Significant bits of a floating-point format, the implicit one included: 24 for float32."""
    return np.finfo(precision).nmant + 1


def threshold(significant: float) -> float:
    """Gap of two logits from which on softmax with so many significant bits collapses: p ln 2."""
    return significant * math.log(2)


def gradient(gap: float) -> float:
    """Size of the gradient by the correct class' logit at a gap to the other: 1 - softmax, in exact arithmetic."""
    return 1 / (1 + math.exp(gap))


def collapse(page: Page) -> Explorer:
    """Gradient by logit gap and significant bits; at first the format of the single-precision runs."""
    single = page.settings("precision43", "float32")["softmax_precision"]
    start = bits(single)
    formats = ", ".join(f"{name} {bits(name)}" for name in ("float16", "float32", "float64"))

    def at(gap: float, settings: Settings) -> list[float]:
        exact = gradient(gap)
        return [exact, exact if gap < threshold(settings["bits"]) else 0.0]

    return Explorer(
        name="collapse",
        title="Where softmax collapses",
        about=(
            "With a gap z between the correct logit and one other, the gradient of the correct class is 1/(1 + e^z). With p significant "
            f"bits it is exactly zero from z = p ln 2 on, where 1 + e^(−z) is rounded to 1. Significant bits: {formats}."
        ),
        sliders=[
            Slider("gap z between the logits", 0, 45, name="gap", start=math.floor(threshold(start))),
            Slider("significant bits p", 4, 60, name="bits", start=start, whole=True),
        ],
        y=Scale("gradient of the correct class", 1e-20, 1, log=True),
        curves=[Shown("gradient in exact arithmetic", GREY), Shown("as computed with p bits", BLUE)],
        facts=[Shown("collapse threshold, p ln 2", BLUE, across=True)],
        at=at,
        of=lambda settings: [threshold(settings["bits"])],
        script=SCRIPT,
        setting=single,
    )
