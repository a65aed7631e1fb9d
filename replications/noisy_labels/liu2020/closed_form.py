"""The linear model of early learning in closed form: laws of its first steps, and when noisy labels are separable.

Inputs x = c (v - sigma z) with a fair sign c (the true class), |v| = 1 and z ~ N(0, I_p); a share w of the labels is
wrong; logistic regression through the origin on n examples. Everywhere a = 1 - 2 w is what is left of the signal in the
labels and `aspect` = p / n. The paper writes w = Delta / 2. Derived for this replication unless a source is given.
"""

import numpy as np
from scipy import integrate, optimize
from scipy.special import ndtr

START = 0.1  # early learning ends (T) when theta . v reaches this: the paper's definition, Appendix A
Number = float | np.ndarray


def spread(wrong: float, sigma: Number, aspect: float) -> Number:
    """S = sqrt(a^2 + sigma^2 p / n), the length of the first gradient in units of a step."""
    return np.sqrt((1 - 2 * wrong) ** 2 + np.square(sigma) * aspect)


def first_cosine(wrong: float, sigma: Number, aspect: float) -> Number:
    """Cosine between the first negative gradient and v, from a start orthogonal to v: a / S."""
    return (1 - 2 * wrong) / spread(wrong, sigma, aspect)


def early_time(wrong: float, level: float = START) -> float:
    """Learning rate times steps until theta . v = level, from 0: the integral of 2 du / (a - tanh(u / 2)).

    Infinite where theta . v does not grow as far.
    """
    a = 1 - 2 * wrong
    if a <= np.tanh(level / 2):
        return float("inf")
    return integrate.quad(lambda u: 2 / (a - np.tanh(u / 2)), 0, level)[0]


def coefficient_changes(level: float = START, factor: float = 0.5) -> tuple[float, float]:
    """Change of the mean squared gradient coefficient by time T, for right and for wrong labels, as sigma -> 0.

    Args:
        factor: of theta . x inside tanh; 1/2 belongs to the logistic loss, 1 is what the paper prints.
    """
    return (1 - np.tanh(factor * level)) ** 2 - 1, (1 + np.tanh(factor * level)) ** 2 - 1


def wrong_accuracy_at_end(sigma: Number, level: float = START, norm: float = 2.0) -> Number:
    """Accuracy, by true class, on examples with wrong labels when theta . v = level and |theta| = norm."""
    return ndtr(level / (np.asarray(sigma) * norm))


def one_step(wrong: float, sigma: Number, aspect: float) -> dict[str, Number]:
    """Accuracies by true class after one step from 0: `wrong` and `clean` training examples, and `fresh` ones.

    An example pulls theta towards its own label: sigma^2 p / n is what it adds to its own margin, against a.
    """
    a, own = 1 - 2 * wrong, np.square(sigma) * aspect
    scale = np.asarray(sigma) * spread(wrong, sigma, aspect)
    return {"wrong": ndtr((a - own) / scale), "clean": ndtr((a + own) / scale), "fresh": ndtr(a / scale)}


def one_step_without_own(wrong: float, sigma: Number, aspect: float) -> Number:
    """What accuracy on wrong labels would be if an example did not pull at itself (a control: the wrong formula)."""
    return one_step(wrong, sigma, aspect)["fresh"]


def end_of_early_learning(wrong: float, aspect: float) -> float:
    """sigma* = sqrt(a n / p): above it one step already fits the wrong labels of most examples that have one."""
    return float(np.sqrt((1 - 2 * wrong) / aspect))


def pulls(confidence: Number, strength: float) -> tuple[Number, Number]:
    """How strongly an example pulls the logit of its label up, under early-learning regularisation with two classes.

    From Lemma 2, for an output p = t = (q, 1 - q), q of the true class: q - strength (q - 1/2) where the label is wrong,
    1 - q + strength (q - 1/2) where it is right.
    """
    towards = strength * (np.asarray(confidence) - 0.5)
    return confidence - towards, 1 - confidence + towards


def cancelling_confidence(strength: float) -> float:
    """The q at which the pull of a wrong label is cancelled (see `pulls`); infinite below a strength of 2, which has none."""
    return strength / (2 * (strength - 1)) if strength >= 2 else float("inf")


def separability_threshold(wrong: float, sigma: float = 0.0) -> float:
    """Smallest p / n from which on noisy labels are linearly separable, sharp as n, p -> infinity.

    The minimum over t of (1 - w) E (Z - t U)_+^2 + w E (Z + t U)_+^2 with U = 1 + sigma g and independent standard
    normal g and Z (Gordon's comparison; as in Candes and Sur 2020).
    """

    def excess(t: float) -> float:
        """E (Z + t U)_+^2: the sum is normal with mean t and variance 1 + (t sigma)^2."""
        deviation = np.sqrt(1 + (t * sigma) ** 2)
        u = t / deviation
        density = np.exp(-u * u / 2) / np.sqrt(2 * np.pi)
        return deviation**2 * ((1 + u * u) * ndtr(u) + u * density)

    found = optimize.minimize_scalar(
        lambda t: (1 - wrong) * excess(-t) + wrong * excess(t), bounds=(0, 20), method="bounded"
    )
    return float(found.fun)


def paper_threshold(wrong: float) -> float:
    """p / n above which Theorem 6 of the paper has separability: 1 - Delta / 2 = 1 - w."""
    return 1 - wrong
