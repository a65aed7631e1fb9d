"""Two-layer ReLU networks by width, optimiser and training time."""

import numpy as np

from replications.double_descent.science.two_layer import losses_by_width
from verifig.training.run import Run


def two_layer(run: Run) -> dict[str, np.ndarray]:
    """See `losses_by_width`."""
    return losses_by_width(run)
