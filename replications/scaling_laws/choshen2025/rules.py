"""Fit the law on cheap models of a family, predict its largest one, and measure the absolute relative error.

The rules are those of Choshen et al. (Sections 2 and 3) to the strictness of each inequality, as their published
numbers need them: least squares on the loss itself, a fixed start, all training models cut at shares of one common
token count. A family is a table with columns `model`, `N` (parameters), `D` (tokens), `L` (loss, any unit), a row a
checkpoint.
"""

import warnings
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from scipy import optimize

START = (6.255414, 7.3049974, 0.6254804, 0.3526596, 0.3526596)  # Muennighoff et al. 2023
TOKEN_CUT = 1e10  # training rows with at most this many tokens are left out
TEST_SHARE = 0.7  # the last 30 % of the target's training are predicted
FEWEST_ROWS = 5
DROPPED_STARTS = (0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 0.95, 0.99)  # Figure 4
WINDOW = 4  # models in the scale-up panel of Figure 1
SHARES = tuple(k / 10 for k in range(1, 11))  # literals: checkpoints lie exactly on q T


def sizes(family: pd.DataFrame) -> list[str]:
    """Model names in ascending order of parameters."""
    return list(family.groupby("model")["N"].first().sort_values(kind="stable").index)


def select(
    family: pd.DataFrame,
    models: Sequence[str],
    share: float = 1.0,
    start: float = 0.0,
    cut: float = TOKEN_CUT,
    strict: bool = True,
) -> pd.DataFrame:
    """Training rows of the chosen models.

    With T the most tokens that any of these models saw (before any cut), rows with D > cut, D >= start T and
    D < share T are kept. The last inequality is strict: a share of 1 drops the longest run's last checkpoint.
    `strict=False` shows what `<=` would do.
    """
    rows = family[family["model"].isin(models)]
    longest = rows["D"].max()
    below = rows["D"] < share * longest if strict else rows["D"] <= share * longest
    return rows[(rows["D"] > cut) & (rows["D"] >= start * longest) & below]


def held_out(family: pd.DataFrame, target: str, share: float = TEST_SHARE, cut: float = 0.0) -> pd.DataFrame:
    """Test rows: the target's checkpoints with D >= share T_target and D > cut; a share of 1 is the last alone."""
    rows = family[family["model"] == target]
    return rows[(rows["D"] >= share * rows["D"].max()) & (rows["D"] > cut)]


def law(x: np.ndarray, a: float, b: float, e: float, alpha: float, beta: float) -> np.ndarray:
    """exp(e) + exp(a)/N^alpha + exp(b)/D^beta at x = (N, D) [2, rows]."""
    return np.exp(e) + np.exp(a) / x[0] ** alpha + np.exp(b) / x[1] ** beta


def one_model_law(x: np.ndarray, b: float, e: float, beta: float) -> np.ndarray:
    """The law with a and alpha borrowed from another family (Section 5, Appendix A)."""
    return law(x, START[0], b, e, START[3], beta)


def fit(rows: pd.DataFrame, one_model: bool = False, evaluations: int | None = None) -> np.ndarray | None:
    """Least-squares theta [5] (a, b, e, alpha, beta), exponents >= 0; None where the rows do not allow a fit.

    Args:
        rows: columns N, D, L; at least five rows.
        one_model: fit b, e and beta alone.
        evaluations: most evaluations of the law (default: SciPy's limit).
    """
    if len(rows) < FEWEST_ROWS:
        return None
    function: Callable = one_model_law if one_model else law
    start = np.array(START)[[1, 2, 4]] if one_model else np.array(START)
    exponents = 1 if one_model else 2
    low = [-np.inf] * (len(start) - exponents) + [0.0] * exponents
    x, y = rows[["N", "D"]].to_numpy(float).T, rows["L"].to_numpy(float)
    options: dict = {"p0": start, "bounds": (low, np.inf), "max_nfev": evaluations}
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            found, _ = optimize.curve_fit(function, x, y, **options)
        except RuntimeError:
            try:
                found, _ = optimize.curve_fit(function, x, y, method="dogbox", x_scale=start, **options)
            except (RuntimeError, ValueError):
                return None
        except ValueError:
            return None
    return np.array([START[0], found[0], found[1], START[3], found[2]]) if one_model else found


def relative_error(theta: np.ndarray | None, rows: pd.DataFrame) -> float:
    """Absolute relative error: mean over rows of |L - prediction| / L; NaN without a fit or rows."""
    if theta is None or not len(rows):
        return float("nan")
    with np.errstate(over="ignore"):
        predicted = law(rows[["N", "D"]].to_numpy(float).T, *theta)
    return float(np.mean(np.abs(rows["L"] - predicted) / rows["L"]))


def extrapolate(
    family: pd.DataFrame,
    models: Sequence[str],
    target: str,
    share: float = 1.0,
    start: float = 0.0,
    cut: float = TOKEN_CUT,
    test_share: float = TEST_SHARE,
    strict: bool = True,
    evaluations: int | None = None,
) -> float:
    """ARE of the target predicted from the chosen models (fractions, not percent)."""
    theta = fit(select(family, models, share, start, cut, strict), evaluations=evaluations)
    return relative_error(theta, held_out(family, target, test_share))


def smallest_models(family: pd.DataFrame, count: int) -> list[str]:
    """The `count` smallest models."""
    return sizes(family)[:count]


def best_seen(family: pd.DataFrame, models: Sequence[str], target: str, share: float = 1.0) -> float:
    """ARE of the baseline that predicts the lowest training loss seen so far."""
    test = held_out(family, target)
    lowest = select(family, models, share)["L"].min()
    return float(np.mean(np.abs(test["L"] - lowest) / test["L"]))


def most_trained(family: pd.DataFrame, models: Sequence[str], target: str, share: float = 1.0) -> float:
    """ARE of the baseline that predicts the mean of the last five losses of the training model with the most tokens."""
    rows, test = select(family, models, share), held_out(family, target)
    last = rows[rows["model"] == rows.loc[rows["D"].idxmax(), "model"]].nlargest(5, "D")["L"].mean()
    return float(np.mean(np.abs(test["L"] - last) / test["L"]))


def one_model(family: pd.DataFrame, model: str, target: str, share: float = 1.0) -> float:
    """ARE of the target predicted from one model, a and alpha borrowed (Figure 6); test rows also need D > 10^10."""
    theta = fit(select(family, [model], share), one_model=True)
    return relative_error(theta, held_out(family, target, cut=TOKEN_CUT))


def final_checkpoints(family: pd.DataFrame, models: Sequence[str], cut: float = TOKEN_CUT) -> pd.DataFrame:
    """The last checkpoint of each chosen model (what a law over finished runs would see)."""
    rows = family[family["model"].isin(models) & (family["D"] > cut)]
    return rows.loc[rows.groupby("model")["D"].idxmax()]


def grid(family: pd.DataFrame, **options) -> np.ndarray:
    """ARE of the largest model from the k = 2, 3, ... smallest [models, shares]."""
    models = sizes(family)
    return np.array(
        [
            [extrapolate(family, models[:k], models[-1], share, **options) for share in SHARES]
            for k in range(2, len(models))
        ]
    )


def windows(family: pd.DataFrame, **options) -> np.ndarray:
    """ARE from every run of k consecutive sizes [k - 2, index of the largest size used], NaN where there is none."""
    models = sizes(family)
    result = np.full((len(models) - 2, len(models) - 1), np.nan)
    for k in range(2, len(models)):
        for largest in range(k - 1, len(models) - 1):
            chosen = models[largest - k + 1 : largest + 1]
            result[k - 2, largest] = extrapolate(family, chosen, models[-1], **options)
    return result
