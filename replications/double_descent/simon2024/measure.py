"""Artifacts and published arrays -> statistics and curves. One value per trial for each statistic; no torch."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from replications.double_descent.simon2024 import eigenframework as theory
from replications.double_descent.simon2024 import reference
from verifig.measuring.tables import Tables, melt
from verifig.training.artifacts import Artifact


def measure(artifacts: Mapping[str, Artifact], out: Tables) -> None:
    """Fill `out` from whatever experiments ran at this scale, and from the published arrays."""
    for name, artifact in artifacts.items():
        _ridge(name, artifact, out)
        _soundness(name, artifact, out)
    _published_risks(reference.figure1_task(), out)
    _published_optima(out)


def _ridge(experiment: str, artifact: Artifact, out: Tables) -> None:
    """M2-M4: experiment over theory per trial and cell; monotonicity at the optimal ridge."""
    ridges = artifact["ridges"].tolist()
    for kind, against in (("gaussian", "theory"), ("gaussian", "theory_misread"), ("images", "corrected")):
        if f"{kind}.test" not in artifact:
            continue
        test, expected, ks = artifact[f"{kind}.test"], artifact[f"{kind}.{against}"], artifact[f"{kind}.k"].tolist()
        statistic = "ratio_misread" if against == "theory_misread" else "ratio"
        for row, k in enumerate(ks):
            for column, value in enumerate(ridges):
                place = {"task": kind, "k": k, "ridge": value}
                out.per_seed(experiment, statistic, test[:, row, column] / expected[row, column], place)
                if statistic == "ratio":
                    out.per_seed(experiment, "test_error", test[:, row, column], place)
        if against != "theory_misread":
            risks = melt({"value": test, "theory": expected}, seed=range(len(test)), x=ks, ridge=ridges)
            out.curve(f"{experiment}_{kind}", risks)
    n = artifact.meta["job"]["settings"]["n"]
    if "images.test" in artifact and n in artifact["images.k"].tolist() and 0.01 in ridges:
        ks, column = artifact["images.k"].tolist(), ridges.index(0.01)
        centre = ks.index(n)
        for other in (centre - 1, centre + 1):
            if 0 <= other < len(ks):
                rise = artifact["images.test"][:, centre, column] - artifact["images.test"][:, other, column]
                out.per_seed(experiment, "image_peak_rise", rise, {"other": ks[other]})
    _theorem(experiment, artifact, out)


def _theorem(experiment: str, artifact: Artifact, out: Tables) -> None:
    """M3: largest ratio of successive risks at the optimal ridge (< 1), and the peak without tuning."""
    sizes = artifact["theorem.sizes"].tolist()
    for name in ("by_k", "by_n"):
        values = artifact[f"theorem.{name}"]
        if len(values) > 1:
            out.exact(experiment, "largest_step", float((values[1:] / values[:-1]).max()), {"order": name})
    n, small = int(artifact["theorem.n"]), artifact["theorem.ridgeless_by_k"]
    if {n // 4, n, 8 * n} <= set(sizes):
        for other in (n // 4, 8 * n):
            out.exact(experiment, "untuned_peak", small[sizes.index(n)] / small[sizes.index(other)], {"over": other})
    rows = ("by_k", "by_n", "ridgeless_by_k")
    frame = [pd.DataFrame({"order": row, "x": sizes, "value": artifact[f"theorem.{row}"]}) for row in rows]
    out.curve(f"{experiment}_theorem", pd.concat(frame))


def _soundness(experiment: str, artifact: Artifact, out: Tables) -> None:
    """The largest test MSE of each trial, whatever it shows: finite, not absurd."""
    tests = [artifact[name] for name in ("gaussian.test", "images.test") if name in artifact]
    risks = [test.reshape(len(test), -1).max(1) for test in tests]
    out.per_seed(experiment, "run_risk", np.concatenate(risks))


def _published_risks(task: theory.Task, out: Tables) -> None:
    """M1: largest relative deviation of our solver from the stored theory as printed; the ridge divided by n as a sabotage."""
    worst, n = {"ours": 0.0, "divided": 0.0}, reference.FIGURE1["n"]
    rows = []
    for k, cells in reference.RISK_TABLE.items():
        for value, (test, train, experiment) in zip(reference.RIDGES, cells, strict=True):
            found = theory.risk(task, n, k, value)
            broken = theory.risk(task, n, k, value * n)
            for name, pair in (("ours", found), ("divided", broken)):
                worst[name] = max(
                    worst[name], *(reference.deviation(*each) for each in zip(pair, (test, train), strict=True))
                )
            rows.append({"x": k, "ridge": value, "theory": found[0], "experiment": float(experiment)})
    for name, deviation in worst.items():
        out.exact("reference", "risk_table_deviation", deviation, {"ridge": name})
    out.curve("published_risks", pd.DataFrame(rows))


def _published_optima(out: Tables) -> None:
    """M5, M6: the formula's fitting ratio against the stored optima; nothing is trained."""
    for name, ((a, b), stored) in reference.KERNEL_OPTIMA.items():
        other = next(exponents for task_name, (exponents, _) in reference.KERNEL_OPTIMA.items() if task_name != name)
        gaps, foreign, rows = [], [], []
        for noise, ratio in stored.items():
            formula = theory.optimal_fitting_ratio(a, b, noise)
            out.exact("reference", "optimal_ratio", formula, {"task": name, "noise": noise})
            stored_ratio = reference.SMALLEST_RIDGE_RATIO if ratio is None else ratio
            gaps.append(abs(formula - stored_ratio))
            foreign.append(abs(theory.optimal_fitting_ratio(*other, noise) - stored_ratio))
            rows.append({"task": name, "noise": noise, "formula": formula, "stored": stored_ratio})
        out.exact("reference", "largest_ratio_gap", max(gaps), {"task": name})
        # the instrument broken on purpose: the exponents of the other data set
        out.exact("reference", "largest_ratio_gap_other_task", max(foreign), {"task": name})
        out.exact("reference", "noise_free_ratio", rows[0]["stored"], {"task": name})
        out.curve(f"optima_{name.lower().replace('-', '')}", pd.DataFrame(rows))
