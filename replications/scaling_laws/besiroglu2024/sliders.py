"""The fitted law along a line of equal compute and its optimum, for the reader to move."""

import math

import numpy as np

from replications.scaling_laws.besiroglu2024 import published
from replications.scaling_laws.besiroglu2024.fitting import law
from verifig.pages.exploring import Explorer, Scale, Settings, Shown, Slider
from verifig.pages.figures import BLUE, ORANGE
from verifig.pages.page import Page

SCRIPT = """
const loss = ([a, b, e, alpha, beta], N, D) => Math.exp(e) + Math.exp(a - alpha * Math.log(N)) + Math.exp(b - beta * Math.log(D));
const at = (N, s) => [c.refit, c.hoffmann].map(theta => loss(theta, N, s.compute / c.flop / N));
function of(s) {
  const [a, b, , alpha, beta] = c.refit, product = s.compute / c.flop, share = beta / (alpha + beta);
  const N = Math.exp((Math.log(alpha) + a - Math.log(beta) - b) / (alpha + beta)) * product ** share;
  return [product / s.size, N, product / N, product / N / N];
}
"""


def policy(page: Page) -> Explorer:
    """Loss by model size at a compute budget, with the best size; at first Chinchilla's size and budget."""
    model = page.paper("chinchilla")
    start = law.FLOP_PER_TOKEN_AND_PARAMETER * model["parameters"] * model["tokens"]
    fitted = _fitted(page)
    refit = published.REFIT if fitted is None else fitted

    def at(size: float, settings: Settings) -> list[float]:
        tokens = settings["compute"] / law.FLOP_PER_TOKEN_AND_PARAMETER / size
        return [float(law.loss(theta, [size], [tokens])[0]) for theta in (refit, published.HOFFMANN)]

    def of(settings: Settings) -> list[float]:
        best, tokens = law.policy(refit, settings["compute"])
        spent = settings["compute"] / law.FLOP_PER_TOKEN_AND_PARAMETER / settings["size"]
        return [spent, float(best), float(tokens), float(tokens / best)]

    return Explorer(
        name="policy",
        title="Loss and the best model at a compute budget",
        about=(
            "L(N, D) = E + A/N^α + B/D^β at C = 6 N D. The optimum is that of the refit, "
            + (
                "as fitted here."
                if fitted is not None
                else "with the parameters of the paper, since nothing was fitted here."
            )
        ),
        sliders=[
            Slider("parameters N", 1e7, 1e13, log=True, name="size", start=model["parameters"]),
            Slider("compute C", 1e18, 1e27, log=True, unit="FLOP", name="compute", start=start),
        ],
        y=Scale("loss", 1.6, 4.0, unit="nats"),
        curves=[Shown("loss by the refit", BLUE, "nats"), Shown("loss by Hoffmann et al., unrounded", ORANGE, "nats")],
        facts=[
            Shown("tokens D at this size"),
            Shown("best parameters", BLUE, across=True),
            Shown("best tokens"),
            Shown("best tokens per parameter"),
        ],
        at=at,
        of=of,
        script=SCRIPT,
        constants={
            "refit": [float(value) for value in refit],
            "hoffmann": [float(value) for value in published.HOFFMANN],
            "flop": law.FLOP_PER_TOKEN_AND_PARAMETER,
        },
        setting="Chinchilla",
    )


def _fitted(page: Page) -> np.ndarray | None:
    """theta [5] of this run's refit by least absolute deviations, as the figures draw it; None where there is none."""
    names = ("A", "B", "E", "alpha", "beta")
    found = [page.value("chinchilla", "coefficient", {"fit": "lad", "name": name}) for name in names]
    if any(values.empty or not math.isfinite(values.iloc[0]) for values in found):
        return None
    return law.theta_from(*(values.iloc[0] for values in found))
