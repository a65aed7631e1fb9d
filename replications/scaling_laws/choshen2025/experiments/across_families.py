"""Choshen et al.: the parameters of the law in every family, and fits to one model."""

import numpy as np
import pandas as pd

from replications.scaling_laws.choshen2025 import rules
from replications.scaling_laws.choshen2025.experiments import families
from replications.scaling_laws.choshen2025.rules import SHARES
from replications.scaling_laws.science import hoffmann
from verifig.ground.errors import RunError
from verifig.training.run import Run


def across_families(run: Run) -> dict[str, np.ndarray]:
    """Parameters of the law in every family (Figure 3), and one-model fits of OLMo and T5 (Figure 6)."""
    tables = {name: families.READERS[name](run.path(name)) for name in ("opt", "gpt3", "t5")}
    tables["chinchilla"] = hoffmann.runs(run.path("chinchilla"))
    tables |= families.datablations(run.path("datablations"))
    found: dict[str, dict[str, np.ndarray]] = {}
    for done, (name, table) in enumerate(tables.items()):
        run.progress(done, len(tables), "families")
        found[name] = run.once(name, lambda table=table: _parameters(table))
    olmo, t5 = families.olmo(run.path("olmo")), tables["t5"]
    return {
        "names": np.array(list(tables)),
        "theta": np.stack([part["theta"] for part in found.values()]),
        "theta_centred": np.stack([part["centred"] for part in found.values()]),
        "theta_all_sizes": np.stack([part["everything"] for part in found.values()]),
        "olmo_one_model": _one_model(olmo),
        "olmo_sizes": np.sort(olmo["N"].unique()),
        "t5_one_model": _one_model(t5),
        "t5_sizes": np.sort(t5["N"].unique()),
    }


def _one_model(family: pd.DataFrame) -> np.ndarray:
    models = rules.sizes(family)
    return np.array([[rules.one_model(family, model, models[-1], share) for share in SHARES] for model in models])


def _parameters(family: pd.DataFrame) -> dict[str, np.ndarray]:
    """theta by the paper's routine (all models but the largest, first 10B tokens dropped), and from all rows.

    `centred` is the first with A and B taken at the family's mean log size and tokens instead of at N = D = 1.
    """
    rows = rules.select(family, rules.sizes(family)[:-1])
    theta, everything = rules.fit(rows), rules.fit(family)
    if theta is None or everything is None:
        raise RunError("a family of Figure 3 cannot be fitted")
    centred = theta.copy()
    centred[0] -= theta[3] * np.log(rows["N"]).mean()
    centred[1] -= theta[4] * np.log(rows["D"]).mean()
    return {"theta": theta, "centred": centred, "everything": everything}
