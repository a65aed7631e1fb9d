"""Ranks of the support vector machines of the best tokens, by the norm that they minimise; nothing is trained."""

import numpy as np

from replications.attention_svm.science.nuclear import nuclear_svm
from replications.attention_svm.science.svm import least_norm, rank, separations
from replications.attention_svm.tarzanagh2023.experiments.problems import draw
from verifig.training.run import Run


def ranks(run: Run) -> dict[str, np.ndarray]:
    """Data sets by number of inputs and dimension (the members are the data seeds).

    Arrays: `cells` [C, 2] (n, d), `frobenius` [C, members] (NaN where no W separates), `gap` [C, members] of those; and by
    `nuclear_cells` [N, 2] `nuclear`, `nuclear_gap` and `unfinished` [N, members]: singular values above
    `absolute_tolerance` of the iterate of a solver that stops at a relative gap of `loose_gap` and cuts none.
    """
    settings = run.settings
    cells = [(n, d) for n in settings["input_sizes"] for d in settings["dimensions"]]
    found = {"cells": np.array(cells), "nuclear_cells": np.array(settings["nuclear_cells"]).reshape(-1, 2)}
    parts = []
    total = len(cells) + len(found["nuclear_cells"])
    for n, d in cells:
        parts.append(run.once(f"frobenius {n} {d}", lambda n=n, d=d: _frobenius(run, n, d)))
        run.progress(len(parts), total, "cells")
    nuclear = []
    for n, d in found["nuclear_cells"].tolist():
        nuclear.append(run.once(f"nuclear {n} {d}", lambda n=n, d=d: _nuclear(run, n, d)))
        run.progress(len(cells) + len(nuclear), total, "cells")
    for group in (parts, nuclear):
        for name in group[0] if group else ():
            found[name] = np.stack([part[name] for part in group])
    return found


def _rows(run: Run, n: int, d: int) -> np.ndarray:
    """Constraints of the best tokens [members, n (T - 1), d, d]."""
    drawn = [draw(dict(member) | {"inputs": n, "dimension": d}) for member in run.members]
    tokens, queries, scores = (
        np.stack([getattr(problem, name).numpy() for problem in drawn]) for name in ("tokens", "queries", "scores")
    )
    return separations(tokens, queries, scores.argmax(-1))


def _frobenius(run: Run, n: int, d: int) -> dict[str, np.ndarray]:
    found = [least_norm(rows) for rows in _rows(run, n, d)]
    values = [(np.nan, np.nan) if each is None else (rank(each.matrix), each.gap) for each in found]
    return dict(zip(("frobenius", "gap"), np.array(values, float).T, strict=True))


def _nuclear(run: Run, n: int, d: int) -> dict[str, np.ndarray]:
    rows = _rows(run, n, d)
    solved = np.array([least_norm(each) is not None for each in rows])
    result = {name: np.full(len(rows), np.nan) for name in ("nuclear", "nuclear_gap", "unfinished")}
    exact = nuclear_svm(rows[solved])
    loose = nuclear_svm(rows[solved], gap=run.settings["loose_gap"])
    values = np.linalg.svd(loose.unfinished, compute_uv=False)
    result["nuclear"][solved], result["nuclear_gap"][solved] = rank(exact.matrices), exact.gaps
    result["unfinished"][solved] = (values > run.settings["absolute_tolerance"]).sum(-1)
    return result
