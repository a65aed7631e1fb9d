"""The page of a fit to anybody's runs: what the command said, and its figure, in one file."""

import base64
from collections.abc import Sequence

from replications.scaling_laws.besiroglu2024.fitting.own import ScalingLaw
from replications.scaling_laws.besiroglu2024.plotting.own_runs import own_fit
from verifig.ground.version import __version__
from verifig.pages import figures, notation, templating

ALT = "Left: contours of the fitted loss over parameters and tokens, with the runs and the optimal policy. Right: observed against fitted loss."


def page(found: ScalingLaw, name: str, said: Sequence[str]) -> str:
    """HTML of one file: its figure is inside.

    Args:
        name: of the table. said: the lines that the command printed.
    """
    svg = figures.svg(own_fit(found), "fit", ALT)
    source = f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"
    values = {"table": name, "rows": found.rows, "said": "\n".join(said), "source": source, "alt": ALT}
    return notation.html(templating.fill("fit.html.j2", version=__version__, **values))
