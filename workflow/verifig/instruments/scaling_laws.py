"""Scaling laws of runs of one's own: Chinchilla's form with intervals (Besiroglu et al. 2024), the guide's protocol (Choshen et al. 2025).

On the command line the same fit is `verifig fit-scaling-law runs.csv`.
"""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from replications.scaling_laws.besiroglu2024.fitting import law
from replications.scaling_laws.besiroglu2024.fitting.own import NAMES, ScalingLaw, fit_scaling_law
from replications.scaling_laws.besiroglu2024.fitting.runs import Runs, of_frame, read
from replications.scaling_laws.choshen2025 import rules
from verifig.ground.errors import InputError

__all__ = [
    "Runs", "ScalingLaw", "fit_scaling_law", "held_out_error", "of_frame", "prediction_interval", "read", "runs_needed",
]  # fmt: skip


def prediction_interval(
    found: ScalingLaw, N: np.ndarray, D: np.ndarray, level: float = 0.95, seed: int = 0
) -> np.ndarray:
    """Where the loss of one further run is expected, [2, points]: low and high at N parameters and D tokens.

    Percentiles over the bootstrap fits, to each of which a residual of the fit is added, drawn with replacement: the
    uncertainty of the law and the scatter of single runs. It knows nothing of a law of another form.

    Raises:
        InputError: a fit without resamples, or a level that is not between 0 and 1.
    """
    if len(found.bootstrap) < 20:
        raise InputError(f"a prediction interval needs at least 20 bootstrap fits, this one has {len(found.bootstrap)}")
    if not 0 < level < 1:
        raise InputError(f"level {level:g} must lie between 0 and 1")
    N, D = np.broadcast_arrays(np.atleast_1d(np.asarray(N, float)), np.atleast_1d(np.asarray(D, float)))
    predicted = law.log_loss(found.bootstrap, N, D)
    drawn = np.random.default_rng(seed).choice(found.residuals, predicted.shape)
    tail = (1 - level) / 2
    return np.exp(np.quantile(predicted + drawn, [tail, 1 - tail], axis=0))


def runs_needed(found: ScalingLaw, of: str, width: float, level: float = 0.95) -> int:
    """How many runs, spread as these are, give a coefficient an interval of this width: errors fall as 1/sqrt(runs).

    Args:
        of: `A`, `B`, `E`, `alpha`, `beta` or `a`, the exponent of the optimal N. width: from low to high, in its units.

    Raises:
        InputError: an unknown coefficient, a width that is not above 0, or one that these runs do not determine at all.
    """
    if of not in NAMES:
        raise InputError(f"of must be one of {', '.join(NAMES)}, not {of!r}")
    if not width > 0:
        raise InputError(f"width {width:g} must be above 0")
    if len(found.bootstrap) < 20:
        raise InputError(f"the width needs at least 20 bootstrap fits, this one has {len(found.bootstrap)}")
    if of in found.undetermined:
        raise InputError(f"{of} is not determined by these runs: more of the same kind may not help")
    tail = (1 - level) / 2
    values = (
        law.compute_exponent(found.bootstrap) if of == "a" else law.coefficients(found.bootstrap)[:, NAMES.index(of)]
    )
    low, high = np.quantile(values, [tail, 1 - tail])
    return max(1, math.ceil(found.rows * ((high - low) / width) ** 2))


def held_out_error(
    table: pd.DataFrame,
    target: str | None = None,
    models: Sequence[str] | None = None,
    share: float = 1.0,
    cut: float = 0.0,
) -> float:
    """Absolute relative error on the last 30 % of a model's training, predicted from smaller ones (Choshen et al. 2025).

    Args:
        table: one row a checkpoint, columns `model`, `N` (parameters), `D` (tokens), `L` (loss).
        target: the model to predict (default: that with most parameters). models: those to fit (default: all smaller).
        share: of the training of `models` that is used. cut: rows with at most so many tokens are left out.

    Returns:
        A fraction, NaN where too few rows are left for a fit.

    Raises:
        InputError: a column or model is missing, or a cell is not a positive number.
    """
    if missing := [name for name in ("model", "N", "D", "L") if name not in table]:
        raise InputError(f"the table has no column {', '.join(missing)}")
    for name in ("N", "D", "L"):
        values = pd.to_numeric(table[name], errors="coerce")
        if not (values > 0).all() or not np.isfinite(values).all():
            row = table.index[~((values > 0) & np.isfinite(values))][0]
            raise InputError(f"column {name}, row {row}: {table[name][row]!r} is not a positive number")
    ordered = rules.sizes(table)
    target = ordered[-1] if target is None else target
    models = [name for name in ordered if name != target] if models is None else list(models)
    if unknown := [name for name in (target, *models) if name not in ordered]:
        raise InputError(f"no model {unknown[0]!r} in the table; it has {', '.join(map(str, ordered))}")
    return rules.extrapolate(table, models, target, share, cut=cut)
