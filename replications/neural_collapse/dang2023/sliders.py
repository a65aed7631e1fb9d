"""Lengths of the classifiers of unequal classes at the minimum, for the reader to move."""

import math

from replications.neural_collapse.dang2023 import closed_form
from replications.neural_collapse.dang2023.plotting.drawing import CLASS_COLOURS
from verifig.pages.exploring import Explorer, Scale, Settings, Shown, Slider
from verifig.pages.page import Page

SCRIPT = """
const sum = list => list.reduce((a, b) => a + b, 0);
const all = s => [...Array(c.largest).fill(s.size), ...c.others];
const distinct = s => [s.size, ...c.distinct];
const threshold = m => m > 1 ? (m - 1) ** ((m - 1) / m) / m : 1;
function root(beta, m) {
  if (!(beta < threshold(m))) return 0;
  let low = ((m - 1) / (m + 1)) ** (1 / m), high = Math.max((m / beta) ** (1 / (m + 1)), low);
  for (let k = 0; k < 200; k++) {
    const middle = (low + high) / 2;
    if (m * middle ** (m - 1) / (middle ** m + 1) ** 2 > beta) low = middle; else high = middle;
  }
  return (low + high) / 2;
}
function at(decay, s) {
  const total = sum(all(s)), m = s.depth;
  return distinct(s).map(n => total * decay * root(m * total * (total * decay ** (m + 1)) ** (1 / m) / n, m) ** m);
}
function of(s) {
  const total = sum(all(s)), m = s.depth;
  return distinct(s).map(n => ((threshold(m) * n / (m * total)) ** m / total) ** (1 / (m + 1)));
}
"""


def lengths(page: Page) -> Explorer:
    """Squared classifier lengths against the common decay, by depth and size of the largest class."""
    used = page.settings("sweep", "staircase")
    sizes, decays = sorted(used["sizes"], reverse=True), sorted(used["decays"])
    others = [size for size in sizes if size < sizes[0]]
    distinct = sorted(set(others), reverse=True)

    def chosen(settings: Settings) -> list[float]:
        return [settings["size"]] * (len(sizes) - len(others)) + others

    def at(decay: float, settings: Settings) -> list[float]:
        found = closed_form.solve(chosen(settings), settings["depth"], decay, decay).classifier
        first = [0, *(len(sizes) - len(others) + others.index(size) for size in distinct)]
        return [float(found[place]) for place in first]

    def of(settings: Settings) -> list[float]:
        total = sum(chosen(settings))
        return [closed_form.critical_decay(size, total, settings["depth"]) for size in (settings["size"], *distinct)]

    # lengths grow with depth: a decade of room; what is zero has no place on a logarithmic axis
    start = {"depth": used["depth"], "size": sizes[0]}
    top = 10.0 ** (math.ceil(math.log10(max(at(decays[0] / 2, start)))) + 1)
    names = ["the largest class", *(f"a class of {size}" for size in distinct)]
    colours = [CLASS_COLOURS[place % len(CLASS_COLOURS)] for place in range(len(names))]
    return Explorer(
        name="lengths",
        title="Lengths of the classifiers of unequal classes",
        about=(
            "Squared length p = N λ x^M at the global minimum, with layers at least as wide as there are classes; x is the largest root of "
            "β = M x^(M − 1)/(x^M + 1)² and β = M N (N λ^(M + 1))^(1/M)/n. A class is zero from β = T on, where T = (M − 1)^{(M − 1)/M}/M, or 1 for M = 1. "
            f"Classes at first: {', '.join(map(str, sizes))}."
        ),
        sliders=[
            Slider(
                "decay λ of features and weights", decays[0] / 2, 1.25 * decays[-1], name="decay",
                start=decays[len(decays) // 2],
            ),
            Slider("linear layers M", 1, 9, name="depth", start=used["depth"], whole=True),
            Slider(
                "size of the largest class", distinct[0] if distinct else 1, 2 * sizes[0], name="size", start=sizes[0],
                whole=True,
            ),
        ],
        y=Scale("squared classifier length p", top / 1e4, top, log=True),
        curves=[Shown(name, colour) for name, colour in zip(names, colours, strict=True)],
        facts=[
            Shown(f"decay that ends {name}", colour, across=True) for name, colour in zip(names, colours, strict=True)
        ],
        at=at,
        of=of,
        script=SCRIPT,
        constants={"largest": len(sizes) - len(others), "others": others, "distinct": distinct},
        points=121,
    )  # fmt: skip
