"""Whether jobs of one experiment with different settings can be trained as one ensemble, and the job that does so."""

from collections import Counter
from collections.abc import Mapping, Sequence

from verifig.ground.errors import InputError
from verifig.planning import checks, rulesets
from verifig.planning.by_condition import Grouped
from verifig.training.members import members_of
from verifig.training.together import distinct


def joined(jobs: Sequence[Mapping]) -> dict:
    """The job that trains all members of these jobs (see `training.together`).

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
    names = Counter((name(member), member["seed"]) for name in [Grouped(first["settings"]).name] for member in members)
    if max(names.values()) > 1:
        raise InputError("their members cannot be told apart by a number or a word")
    return {**first, "together": settings}
