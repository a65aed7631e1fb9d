"""Artifacts with known curves, made up for the tests of statistics, and what was measured on them."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pytest

from verifig.measuring.tables import Tables
from verifig.training.artifacts import Artifact


def artifact(
    arrays: Mapping[str, object], conditions: Mapping[str, Mapping] | None = None, seeds: int = 1, **settings
) -> Artifact:
    """Arrays by name as a training job would have left them; members are condition (by name) x seed.

    Args:
        conditions: settings of each condition that differ from `settings`; None: the experiment has no conditions.
    """
    settings = {"seeds": seeds} | settings | ({} if conditions is None else {"conditions": dict(conditions)})
    return Artifact({name: np.asarray(array) for name, array in arrays.items()}, {"job": {"settings": settings}})


def measuring(measure: Callable[[Mapping, Tables], None]) -> Callable[..., Tables]:
    """The tables that a rule set's `measure` fills, as a function of its artifacts by experiment."""

    def measured(**artifacts: Artifact) -> Tables:
        out = Tables()
        measure(artifacts, out)
        return out

    return measured


def values(out: Tables, statistic: str, experiment: str | None = None) -> dict[str, list[float]]:
    """By condition, the values of a statistic, one a unit; not a number where its status is not `ok`."""
    rows = out.statistics().query("statistic == @statistic")
    if experiment is not None:
        rows = rows[rows["experiment"] == experiment]
    shown = rows["value"].where(rows["status"] == "ok", np.nan)
    return {condition: shown[rows["condition"] == condition].tolist() for condition in rows["condition"].unique()}


def cells(out: Tables, curve: str, *places: str, value: str = "value") -> dict:
    """A column of the table of a curve, by the columns that tell its rows apart (one: by its entries, else by tuples)."""
    column = out.curves[curve].set_index(list(places))[value]
    assert column.index.is_unique
    return column.to_dict()


def by_place(array: object, *labels: Sequence) -> dict:
    """The elements of an array by the labels [n] along each of its axes, as `cells` gives them."""
    found = {
        tuple(axis[k] for axis, k in zip(labels, index, strict=True)): element
        for index, element in np.ndenumerate(np.asarray(array))
    }
    return found if len(labels) > 1 else {place: element for (place,), element in found.items()}


def near(expected: object, **tolerance: float) -> object:
    """What equals `expected` up to rounding, for `==`; of a mapping, as `values` gives it, each entry. NaN equals NaN."""
    if isinstance(expected, Mapping):
        return {name: near(entry, **tolerance) for name, entry in expected.items()}
    return pytest.approx(expected, nan_ok=True, **({"rel": 1e-9} | tolerance))


class Progress:
    """Stands in for `Run.progress`: what a program tells of how far it is must rise, from 0 at least to its total at most."""

    def __init__(self) -> None:
        self.told: dict[str, float] = {}

    def __call__(self, done: float, total: float, what: str) -> None:
        assert max(0, self.told.get(what, -1) + 1) <= done <= total
        self.told[what] = done
