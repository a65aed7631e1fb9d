"""The error of the last iterate on the quadratic, for the reader to move."""

from replications.last_iterate.science import laws
from verifig.pages.exploring import Explorer, Scale, Settings, Shown, Slider
from verifig.pages.figures import BLUE, GREEN
from verifig.pages.page import Page

SCRIPT = """
function at(multiple, s) {
  let moment = s.start;
  for (let t = 0; t < s.steps; t += 1) {
    const step = multiple / (t + 2);
    moment = (1 - step) ** 2 * moment + step ** 2;
  }
  return [s.steps * moment / 2, multiple > 0.5 ? multiple ** 2 / (2 * (2 * multiple - 1)) : Infinity];
}
const of = s => [];
"""


def quadratic(page: Page) -> Explorer:
    """T E F of the last iterate over c, for any number of steps and start."""
    used = page.settings("noisy")

    def at(multiple: float, settings: Settings) -> list[float]:
        steps = round(settings["steps"])
        return [
            steps * float(laws.quadratic_errors(multiple, steps, settings["start"])[-1]),
            laws.quadratic_limit(multiple),
        ]

    return Explorer(
        name="quadratic",
        title="The quadratic at any c",
        about=(
            "T E F of the last iterate over c, by the recursion of the figure above, and its limit. Below c = 1/2 there is none: what the start "
            "leaves shrinks too slowly, and more steps make it worse."
        ),
        sliders=[
            Slider("c", 0.2, 3, name="multiple", start=used["multiples"][-1]),
            Slider("steps T", 10, 1000, log=True, name="steps", start=used["checked_steps"], whole=True),
            Slider("x² at the start", 0, 10, name="start", start=1),
        ],
        y=Scale("T E F", 0.1, 100, log=True),
        curves=[Shown("after T steps", BLUE), Shown("limit", GREEN)],
        at=at,
        script=SCRIPT,
    )
