"""Formulas of the perceptron: its test error, and the exponents of the scaling argument."""

import numpy as np
from scipy import stats


def test_error(signal: np.ndarray, norm: np.ndarray, chi: np.ndarray | float) -> np.ndarray:
    """Probability that sign(w.x) differs from sign(x_1), exactly.

    |x_1| = sqrt(2 Gamma((chi + 1) / 2)) is the root of a chi-square variable with nu = chi + 1 degrees of freedom and the
    other components are standard Gaussian, so that noise over |x_1| is Student's t with nu degrees: the error is
    P(t > sqrt(nu) w_1 / ||w_rest||). For chi = 0 this is arctan(||w_rest|| / w_1) / pi.

    Args:
        signal: w_1.
        norm: ||w||, of the same shape.
        chi: exponent of the density at the boundary.
    """
    rest = np.sqrt(np.maximum(np.square(norm) - np.square(signal), 0))
    with np.errstate(divide="ignore", invalid="ignore"):
        return stats.t.sf(np.sqrt(chi + 1) * signal / rest, chi + 1)


def exponents(chi: float) -> dict[str, float]:
    """Asymptotic exponents of a scaling argument: ||w|| ~ T P^norm and t* ~ T P^time.

    The fraction of data inside the margin goes like (||w_rest|| / w_1)^(chi + 1), and drift and noise of w_rest share it,
    hence ||w_rest|| ~ T. To fit all P points w_1 / ||w_rest|| must reach P^(1 / (1 + chi)); w_1 grows at the rate
    (||w_rest|| / w_1)^(chi + 2), the share of data inside times their mean |x_1|.
    """
    return {"norm": 1 / (1 + chi), "time": 1 + 2 / (1 + chi)}
