"""What all panels share: definitions, the common setting, values at one width."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from replications.double_descent.liu2023.measuring import widths
from replications.double_descent.science.wording import images
from verifig.pages import marked


def definitions() -> str:
    """Peak height and threshold loss."""
    low, high = (f"{ratio:g}" for ratio in widths.WINDOW)
    return (
        "W is the number of features and n that of training samples. "
        f"**h** is the peak height: the largest test MSE between {low} n and {high} n features, over that at {widths.TAIL:g} n, "
        "per seed. **l** is the training MSE at W = n. L is the largest curvature of the loss, so that 1/L is the step size "
        "at which gradient descent is fastest without oscillation in any direction. The condition number κ of the features is "
        "their largest over their smallest non-zero singular value."
    )


def common(settings: Mapping) -> str:
    """The task that most panels share."""
    test = f"{settings['test_size']:,} other images" if settings["test_size"] else "all other images of these classes"
    return (
        f"The common setting: {images(settings)}, n = {settings['n']:,} images with {100 * settings['label_noise']:g} % label noise (that share of "
        f"training labels is replaced by a random class, possibly the same), tested on {test}; W frozen random "
        f"{settings['activation']} features, squared loss; gradient descent on the output layer in closed form, "
        f"{settings['seeds']} seeds where no other number is given. A seed draws images, noise and weights."
    )


def at(frame: pd.DataFrame, width: float, field: str, form: str = "median") -> float:
    """One field at the width nearest to `width`, `form` over seeds."""
    grid = np.unique(frame["width"])
    nearest = grid[np.abs(grid - width).argmin()]
    return float(frame[frame["width"] == nearest][field].agg(form))


def told_at(written: str, frame: pd.DataFrame, width: float, field: str, form: str = "median") -> str:
    """The text of such a field, which says on the page of which rows it is."""
    grid = np.unique(frame["width"])
    nearest = frame[frame["width"] == grid[np.abs(grid - width).argmin()]]
    return marked.of_table(written, nearest, field, f"{form} of")


def seeds(settings: Iterable[Mapping]) -> str:
    """`8 seeds`, or `4 to 8 seeds` where conditions differ."""
    counts = sorted({s["seeds"] for s in settings})
    if counts == [1]:
        return "1 seed"
    return f"{counts[0]} seeds" if len(counts) == 1 else f"{counts[0]} to {counts[-1]} seeds"
