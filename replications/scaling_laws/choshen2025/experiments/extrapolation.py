"""Choshen et al.: grids of extrapolation errors for families with many sizes."""

import numpy as np
import pandas as pd

from replications.scaling_laws.choshen2025 import rules
from replications.scaling_laws.choshen2025.experiments import families
from replications.scaling_laws.choshen2025.rules import DROPPED_STARTS, SHARES, WINDOW
from verifig.training.run import Run


def extrapolation(run: Run) -> dict[str, np.ndarray]:
    """Errors (fractions) of families with several sizes; keys `<family>_<what>`, see `family_errors`."""
    result: dict[str, np.ndarray] = {}
    settings = run.members[0]
    names = settings["families"]
    for done, name in enumerate(names):
        run.progress(done, len(names), "families")
        table = families.READERS[name](run.path(name))
        part = run.once(name, lambda table=table: family_errors(table, settings["fit_evaluations"]))
        result |= {f"{name}_{key}": values for key, values in part.items()}
        if name == "opt":
            logs = table.assign(L=np.log(table["L"]))
            result["opt_nats_final"] = run.once("nats", lambda logs=logs: {"grid": rules.grid(logs, test_share=1.0)})[
                "grid"
            ]
    run.progress(len(names), len(names), "families")
    return result


def family_errors(family: pd.DataFrame, evaluations: int | None = None) -> dict[str, np.ndarray]:
    """All grids of one family. Rows: number of smallest models 2, 3, ... (or a model); columns: share of training."""
    models = rules.sizes(family)
    target, counts = models[-1], range(2, len(models))
    options = {"evaluations": evaluations}
    size_of = family.groupby("model")["N"].first()
    return {
        "sizes": size_of[models].to_numpy(float),
        "final": rules.grid(family, test_share=1.0, **options),
        "final_not_strict": rules.grid(family, test_share=1.0, strict=False, **options),
        "late": rules.grid(family, **options),
        "late_no_cut": rules.grid(family, cut=0.0, **options),
        "windows": rules.windows(family, **options),
        "scale_up": _scale_up(family, evaluations),
        "drop_start": np.array(
            [
                [
                    rules.extrapolate(family, models[:k], target, rules.TEST_SHARE, m * rules.TEST_SHARE, **options)
                    for m in DROPPED_STARTS
                ]
                for k in counts
            ]
        ),
        "one_model": np.array(
            [[rules.one_model(family, model, target, share) for share in SHARES] for model in models]
        ),
        "best_seen": np.array([rules.best_seen(family, models[:k], target) for k in counts]),
        "most_trained": np.array([rules.most_trained(family, models[:k], target) for k in counts]),
        "final_only": np.array(_final_only(family)),
        "scale_down": np.array(
            [[rules.extrapolate(family, models[-k:], models[0], share, **options) for share in SHARES] for k in counts]
        ),
        **_curves(family),
    }


def _scale_up(family: pd.DataFrame, evaluations: int | None) -> np.ndarray:
    """ARE from WINDOW consecutive sizes [index of the largest size used - (WINDOW - 1), shares]."""
    models = rules.sizes(family)
    windows = range(max(len(models) - WINDOW, 0))
    errors = [
        [
            rules.extrapolate(family, models[i : i + WINDOW], models[-1], share, evaluations=evaluations)
            for share in SHARES
        ]
        for i in windows
    ]
    return np.array(errors).reshape(len(windows), len(SHARES))


def _final_only(family: pd.DataFrame) -> tuple[float, float]:
    """ARE from the last checkpoint of each model, and from all checkpoints."""
    models = rules.sizes(family)
    last = rules.fit(rules.final_checkpoints(family, models[:-1]))
    test = rules.held_out(family, models[-1])
    return rules.relative_error(last, test), rules.extrapolate(family, models[:-1], models[-1])


def _curves(family: pd.DataFrame, points: int = 120) -> dict[str, np.ndarray]:
    """Loss curves [rows, 3] (model index, D, L), thinned, and the fit to the four smallest models (Figure 7).

    A family of four has three models beside the target.
    """
    models = rules.sizes(family)
    parts = []
    for index, model in enumerate(models):
        rows = family[family["model"] == model].sort_values("D", kind="stable")
        rows = rows.iloc[np.unique(np.linspace(0, len(rows) - 1, points).astype(int))]
        parts.append(np.column_stack([np.full(len(rows), index), rows["D"], rows["L"]]))
    theta = rules.fit(rules.select(family, models[: min(WINDOW, len(models) - 1)]))
    return {"curves": np.concatenate(parts), "theta": np.full(5, np.nan) if theta is None else theta}
