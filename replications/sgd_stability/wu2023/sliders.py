"""What stability allows a minimum to be: bounds on trace, Frobenius norm and largest eigenvalue, for the reader to move."""

import math

from replications.sgd_stability.wu2023 import captions
from replications.sgd_stability.wu2023.plots import FROBENIUS, LARGEST, TRACE
from verifig.pages.exploring import Explorer, Scale, Shown, Slider
from verifig.pages.page import Page

SCRIPT = """
const q = s => c.samples > 1 ? (c.samples - s.batch) / (s.batch * (c.samples - 1)) : 1 / s.batch;
const at = (rate, s) => [2 / rate, Math.sqrt(1 / (q(s) * s.alignment)) / rate, 2 / (q(s) * rate)];
const of = s => [];
"""


def bounds(learning_rate: float, share: float, alignment: float) -> list[float]:
    """The greatest largest eigenvalue, Frobenius norm and trace of G that stability at a learning rate allows.

    Args:
        share: q, variance of a batch's mean over that of one sample: 1/B with replacement.
        alignment: mu, of the gradient noise with G.
    """
    if share == 0:  # of the full batch: no noise
        return [2 / learning_rate, math.inf, math.inf]
    return [2 / learning_rate, math.sqrt(1 / (share * alignment)) / learning_rate, 2 / (share * learning_rate)]


def noise_share(batch: int, samples: int | None = None) -> float:
    """q, the variance of a batch's mean over that of one sample, drawn without replacement where `samples` are given.

    As `verifig.curvature.stability.sampling_factor`, which needs torch.
    """
    return (samples - batch) / (batch * (samples - 1)) if samples and samples > 1 else 1 / batch


def stability(page: Page) -> Explorer:
    """The three bounds against the learning rate, by batch size and alignment of the gradient noise."""
    used, axis = page.settings("relu", "sgd"), captions.relu.shown_rate(page)
    samples = None if used["replacement"] else used["samples"]
    measured = page.value("relu", "alignment", {"condition": "sgd", "axis": axis}).median()

    return Explorer(
        name="stability",
        title="What stability allows a minimum to be",
        about=(
            "Linear stability in mean square needs tr G ≤ 2/(qη) and ‖G‖ ≤ 2/η; stability of the loss, by our reading, "
            "‖G‖_F ≤ 1/(η√(qμ)). For batches of B samples q is "
            + ("1/B, so that at B = 1 trace and largest eigenvalue have one bound. " if used["replacement"] else "(n − B)/(B(n − 1)). ")
            + (
                f"The alignment μ starts at the median over seeds at √d·η = {axis:g}."
                if math.isfinite(measured)
                else "The alignment μ was not measured here and starts at 1."
            )
        ),
        sliders=[
            Slider("learning rate η", 1e-4, 1, log=True, name="rate", start=_plain(used, axis)),
            Slider("batch size B", 1, min(64, used["samples"] - 1), name="batch", start=used["batch_sizes"][0], whole=True),
            Slider(
                "alignment μ", 1e-2, 1e3, log=True, name="alignment",
                start=float(measured) if math.isfinite(measured) else 1.0,
            ),
        ],
        y=Scale("largest stable value", 0.1, 1e6, log=True),
        curves=[
            Shown("largest eigenvalue, ‖G‖", LARGEST),
            Shown("Frobenius norm, ‖G‖_F", FROBENIUS),
            Shown("trace, tr G", TRACE),
        ],
        at=lambda rate, settings: bounds(rate, noise_share(settings["batch"], samples), settings["alignment"]),
        script=SCRIPT,
        constants={"samples": samples},
    )  # fmt: skip


def _plain(used: dict, axis: float) -> float:
    """The learning rate itself, from its place on the axis of Figure R2."""
    return axis / math.sqrt(used["dimension"]) if used["learning_rate_axis"] == "sqrt_d" else axis
