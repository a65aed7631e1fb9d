"""The members in training by condition: what they are called, their seeds, and means of what is measured of them."""

from collections.abc import Mapping, Sequence

import numpy as np

from verifig.training.members import members_of

DIGITS = 5


class Grouped:
    """Members by condition. One that differs from its condition's settings in more (a width) is told by that too.

    Args:
        settings: of the job.

    Attributes:
        seeds: by condition, those of its members.
    """

    def __init__(self, settings: Mapping):
        self._base = {name: value for name, value in settings.items() if name != "conditions"}
        self._settings = {member["condition"]: member for member in members_of({"seeds": 1, **settings})}
        self.seeds: dict[str, list[int]] = {}
        self._of = np.zeros(0, int)

    def begin(self, members: Sequence[Mapping]) -> None:
        """These members are in training now."""
        names = [self.name(member) for member in members]
        self.seeds = {name: [] for name in names}
        for index, (name, member) in enumerate(zip(names, members, strict=True)):
            self.seeds[name].append(int(member.get("seed", index)))
        places = {name: place for place, name in enumerate(self.seeds)}
        self._of = np.array([places[name] for name in names], int)

    def name(self, member: Mapping) -> str:
        """`adamw`, or `adamw, width=64` where the settings of the condition are others."""
        condition = str(member.get("condition", "base"))
        own = self._settings.get(condition, self._base) | {name: member.get(name) for name in ("condition", "seed")}
        told = [f"{name}={_text(value)}" for name, value in member.items() if _single(value) and own.get(name) != value]
        return ", ".join([condition, *told])

    def means(self, record: Mapping[str, np.ndarray]) -> dict[str, dict]:
        """By condition its seeds and the means over them of what is one number a member; empty if nothing is."""
        count = len(self._of)
        scalars = {field: values for field, values in record.items() if np.shape(values) == (count,)}
        if not scalars:
            return {}
        sizes = np.bincount(self._of)
        means = {
            field: _rounded(np.bincount(self._of, np.asarray(values, float)) / sizes)
            for field, values in scalars.items()
        }
        return {
            name: {"seeds": seeds, "means": {field: values[place] for field, values in means.items()}}
            for place, (name, seeds) in enumerate(self.seeds.items())
        }


def _rounded(values: np.ndarray) -> list[float | None]:
    return [float(f"{value:.{DIGITS}g}") if np.isfinite(value) else None for value in values]


def _single(value: object) -> bool:
    return isinstance(value, bool | int | float | str)


def _text(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
