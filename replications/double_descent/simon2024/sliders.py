"""Test error of random-feature ridge regression against the number of samples, for the reader to move."""

from replications.double_descent.simon2024 import eigenframework as theory
from verifig.pages.exploring import Explorer, Scale, Settings, Shown, Slider
from verifig.pages.figures import BLUE, GREY
from verifig.pages.page import Page

SCRIPT = """
const index = Array.from({length: c.size}, (_, i) => i + 1);
const values = index.map(i => i ** -c.a), target = index.map(i => i ** -c.b), k = c.k;
const sum = term => { let total = 0; for (let i = 0; i < c.size; i++) total += term(values[i], target[i]); return total; };
const degrees = gamma => sum(value => value / (value + gamma));
function excess(n, ridge, gamma) {
  const z = degrees(gamma);
  return z >= k ? Infinity : z + ridge / (gamma * (1 - z / k)) - n;
}
function at(n, s) {
  let low = Math.log(1e-40), high = Math.log(sum(value => value) + s.ridge) + 30;
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (excess(n, s.ridge, Math.exp(middle)) > 0) low = middle; else high = middle;
  }
  const gamma = Math.exp((low + high) / 2), z = degrees(gamma), q = sum(value => (value / (value + gamma)) ** 2);
  const kappa = gamma * Math.max(1 - z / k, 0), share = k / (k - q);
  const bias = sum((value, v) => v * (gamma - kappa * value / (value + gamma) * share) / (value + gamma));
  const test = (bias + s.noise) / (1 - (q * (k - 2 * z) + z * z) / (n * (k - q)));
  return [test, ((n - z) / n) ** 2 * test];
}
const of = s => [k];
"""


def errors(page: Page) -> Explorer:
    """Exact test and train error by samples, ridge and noise; as many features as in the figure of Theorem 1."""
    used = page.settings("ridge")
    size, a, b, k = (used[name] for name in ("task_size", "spectral_exponent", "target_exponent", "theorem_n"))
    sizes = used["theorem_sizes"]

    def at(n: float, settings: Settings) -> list[float]:
        task = theory.power_law_task(size, a, b, settings["noise"])
        return list(theory.risk(task, n, k, settings["ridge"]))

    return Explorer(
        name="errors",
        title="Test error against samples",
        about=(
            f"The eigenframework for {k:,} random features of the synthetic task: {size:,} eigenvalues i^(−{a:g}), squared target coefficients "
            f"i^(−{b:g}). The smaller the ridge, the higher the peak where there are as many samples as features."
        ),
        sliders=[
            Slider("samples n", min(sizes), max(sizes), log=True, name="n", start=k, whole=True),
            Slider("ridge δ", 1e-4, 100, log=True, name="ridge", start=used["small_ridge"]),
            Slider("noise variance", 0, 2, name="noise", start=used["noise_variance"]),
        ],
        y=Scale("mean squared error", 1e-3, 100, log=True),
        curves=[Shown("test error", BLUE), Shown("train error", GREY)],
        facts=[Shown("random features k", across=True)],
        at=at,
        of=lambda settings: [k],
        script=SCRIPT,
        constants={"size": size, "a": a, "b": b, "k": k},
        points=81,
    )
