"""Scaling laws of runs of one's own: Chinchilla's form with intervals (Besiroglu et al. 2024), the guide's protocol (Choshen et al. 2025).

On the command line the same fit is `verifig fit-scaling-law runs.csv`.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from replications.scaling_laws.besiroglu2024.fitting.own import ScalingLaw, fit_scaling_law
from replications.scaling_laws.besiroglu2024.fitting.prediction import prediction_interval, runs_needed
from replications.scaling_laws.choshen2025 import rules
from replications.scaling_laws.science.runs import Runs, of_frame, read, read_family
from verifig.ground.errors import InputError

__all__ = [
    "Runs", "ScalingLaw", "fit_scaling_law", "held_out_error", "of_frame", "prediction_interval", "read", "read_family", "runs_needed",
]  # fmt: skip


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
