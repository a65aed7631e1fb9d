"""The rows of a training job as curves by condition and field, and its last values in one sentence."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from verifig.ground import numbers
from verifig.planning.course import Row

TELLING = ("loss", "mse", "kl", "objective", "accuracy", "error")  # in the names of fields that are looked at first


@dataclass
class Line:
    """A curve: means over some seeds of a condition, at increasing steps; NaN where not finite or not measured."""

    seeds: list[int]
    steps: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)

    @property
    def last(self) -> float:
        return self.values[-1]


Curves = dict[str, dict[str, list[Line]]]


def curves(rows: Sequence[Row]) -> Curves:
    """By condition and field its lines, the one written last at the end.

    Seeds of a condition that were trained after each other are one line where they have the same steps (the mean over
    all), else a line each; one that was trained in several parts, each from the beginning, has a line a part.
    """
    found: dict[str, dict[tuple, dict[str, list[Line]]]] = {}
    for row in rows:
        for name, entry in row.conditions.items():
            groups = found.setdefault(name, {})
            seeds = tuple(entry["seeds"])
            fields = groups.pop(seeds, {})  # the group written last stands at the end
            groups[seeds] = fields
            for each, value in entry["means"].items():
                lines = fields.setdefault(each, [])
                if not lines or lines[-1].steps[-1] >= row.step:
                    lines.append(Line(list(seeds)))
                lines[-1].steps.append(row.step)
                lines[-1].values.append(math.nan if value is None else value)
    return {name: _by_field(list(groups.values())) for name, groups in found.items()}


def fields(found: Curves, most: int | None = None) -> list[str]:
    """Names of the fields; the most telling first (losses, accuracies, errors), those that are defined at the end."""
    names = dict.fromkeys(name for by_field in found.values() for name in by_field)
    defined = {name for by_field in found.values() for name, lines in by_field.items() if math.isfinite(lines[-1].last)}
    told = sorted(names, key=lambda name: (name not in defined, not any(word in name for word in TELLING)))
    return told[:most]


def sentence(row: Row, most: int = 3) -> str:
    """`step 400, test_loss 0.31 … 2.3, test_accuracy 0.11 … 0.97 (adamw and 5 more)`."""
    found = curves([row])
    told = []
    for name in fields(found, most):
        values = [by_field[name][-1].last for by_field in found.values() if name in by_field]
        finite = [value for value in values if math.isfinite(value)]
        if finite:
            ends = dict.fromkeys([numbers.text(min(finite)), numbers.text(max(finite))])
            told.append(f"{name} {' … '.join(ends)}")
    first, *others = found
    whose = f"{first} and {len(others)} more" if others else first
    return f"step {row.step:,}, {', '.join(told) or 'nothing finite'} ({whose})"


def _by_field(groups: list[dict[str, list[Line]]]) -> dict[str, list[Line]]:
    names = dict.fromkeys(name for group in groups for name in group)
    return {name: _merged([line for group in groups for line in group.get(name, [])]) for name in names}


def _merged(lines: list[Line]) -> list[Line]:
    """Lines with the same steps, of different seeds, as one: their mean, each weighted with its seeds."""
    found: list[Line] = []
    for line in lines:
        same = next((old for old in found if old.steps == line.steps and not {*old.seeds} & {*line.seeds}), None)
        if same is None:
            found.append(line)
            continue
        found.remove(same)
        old, new = len(same.seeds), len(line.seeds)
        pairs = zip(same.values, line.values, strict=True)
        found.append(
            Line(sorted(same.seeds + line.seeds), line.steps, [(old * a + new * b) / (old + new) for a, b in pairs])
        )
    return found
