"""The phases of Figure 3 (Appendix C): what a trained network did with its corrupted labels. Numpy alone."""

import numpy as np
from numpy.typing import ArrayLike

PHASES = ("coexistence", "partial inversion", "full inversion", "memorisation", "forgetting")
INVERTED = PHASES[1:3]
HIGH = 0.9  # an accuracy from which on the paper counts pairs as learnt
MARGIN = 0.05  # above 1 - corruption, where only the clean labels are fit


def phase(train: ArrayLike, test: ArrayLike, corruption: ArrayLike) -> np.ndarray:
    """The phase of each network, as text, in the shape of the (broadcast) arguments.

    Args:
        train: accuracy on the labels trained on, corrupted ones included; test: on clean test pairs.
        corruption: share of the training pairs with random labels.

    A test accuracy of 0.9 or more is coexistence where training accuracy is 0.9 or more, partial inversion down to 1.05
    minus the corruption and full inversion below; under it the network memorises (training accuracy 0.9 or more) or
    forgets, which the paper calls forgetting or confusion. Accuracies that are no numbers have the phase "diverged".
    """
    train, test, corruption = np.broadcast_arrays(*(np.asarray(x, float) for x in (train, test, corruption)))
    return np.select(
        [
            np.isnan(train) | np.isnan(test),
            (test >= HIGH) & (train >= HIGH),
            test < HIGH,
            train >= 1 + MARGIN - corruption,
        ],
        ["diverged", PHASES[0], np.where(train >= HIGH, PHASES[3], PHASES[4]), PHASES[1]],
        PHASES[2],
    )
