"""Accuracies after one step against the noise, for the reader to move."""

from replications.noisy_labels.liu2020 import closed_form
from replications.noisy_labels.liu2020.plots import EXAMPLES
from verifig.pages.exploring import Explorer, Scale, Settings, Shown, Slider
from verifig.pages.page import Page

SCRIPT = """
function normal(x) {
  if (Math.abs(x) > 7) return x > 0 ? 1 : 0;
  let term = x, total = x;
  for (let i = 3; i < 250; i += 2) { term *= x * x / i; total += term; }
  return 0.5 + total * Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
}
function at(sigma, s) {
  const a = 1 - 2 * s.wrong, own = sigma ** 2 * s.aspect, scale = sigma * Math.sqrt(a ** 2 + own);
  return [a + own, a - own, a].map(margin => 100 * normal(margin / scale));
}
const of = s => [Math.sqrt((1 - 2 * s.wrong) / s.aspect)];
"""


def accuracies(page: Page) -> Explorer:
    """The one-step law over sigma, for any p/n and share of wrong labels."""
    used = page.settings("laws")

    def at(sigma: float, settings: Settings) -> list[float]:
        law = closed_form.one_step(settings["wrong"], sigma, settings["aspect"])
        return [100 * float(law[examples]) for examples in EXAMPLES]

    return Explorer(
        name="accuracies",
        title="Accuracies after one step",
        about=(
            "The law of the figure above for any p/n and share of wrong labels. Each example pulls at itself with strength σ² p/n, so that more "
            "dimensions or more noise end early learning; more wrong labels weaken what the others teach."
        ),
        sliders=[
            Slider("σ", 0.1, 2, name="sigma", start=closed_form.end_of_early_learning(used["wrong"], used["aspect"])),
            Slider("p/n", 0.1, 5, log=True, name="aspect", start=used["aspect"]),
            Slider("share of wrong labels", 0, 0.45, name="wrong", start=used["wrong"]),
        ],
        y=Scale("true class predicted", 0, 100, unit=" %"),
        curves=[Shown(label, colour, unit=" %") for label, colour in EXAMPLES.values()],
        facts=[Shown("σ*", across=True)],
        at=at,
        of=lambda settings: [closed_form.end_of_early_learning(settings["wrong"], settings["aspect"])],
        script=SCRIPT,
    )
