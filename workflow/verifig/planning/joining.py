"""Jobs of one experiment with different settings as one job, whose program trains the members of all as one ensemble.

Such a job has the settings of each under `together`, beside those of the first. A member that several of them have (a
condition that no change reaches) is trained once.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

import numpy as np

from verifig.ground.errors import InputError
from verifig.planning import checks, rulesets
from verifig.planning.by_condition import Grouped
from verifig.training.members import members_of


def joined(jobs: Sequence[Mapping]) -> dict:
    """The job that trains all members of these jobs.

    Raises:
        InputError: why each has to be trained alone.
    """
    first = jobs[0]
    ruleset = rulesets.load(first["slug"])
    if first["program"] not in ruleset.together:
        raise InputError("what its program keeps is not only of single members")
    if any(job["data"] != first["data"] for job in jobs):
        raise InputError("they need different data")
    settings = [job["settings"] for job in jobs]
    for name in ruleset.together[first["program"]].get("alike", []):
        if len({frozenset(str(member[name]) for member in members_of(values)) for values in settings}) > 1:
            raise InputError(f"{name} decides the shape of what is kept")
    members = distinct(settings)
    checks.program(first["slug"], first["program"], members, "as one program")
    told = Grouped(first["settings"]).name
    if max(Counter((told(member), member["seed"]) for member in members).values()) > 1:
        raise InputError("their members cannot be told apart by a number or a word")
    return {**first, "together": settings}


def distinct(settings: Sequence[Mapping]) -> list[dict]:
    """The members of several settings, in their order, each once."""
    found: list[dict] = []
    for values in settings:
        found += [member for member in members_of(values) if member not in found]
    return found


def part(
    arrays: Mapping[str, np.ndarray], everyone: Sequence[Mapping], mine: Sequence[Mapping], common: Collection[str]
) -> dict[str, np.ndarray]:
    """What a job would have made alone, up to rounding, of what was made together.

    Args:
        arrays: by name: [members, ...] but for those in `common`.
        everyone: the members of all (see `distinct`).
        mine: those of the job.
        common: names of arrays that do not depend on who the members are.
    """
    rows = [everyone.index(member) for member in mine]
    return {name: array if name in common else array[rows] for name, array in arrays.items()}
