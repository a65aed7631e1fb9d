"""What of a job belongs to the machine that runs it, so that a job of another machine is known as the same work."""

from collections.abc import Mapping

PARTS = ("device", "versions", "threads")  # of a job; all else says what is to be computed


def differing(job: Mapping, here: Mapping) -> list[str]:
    """Parts in which a job is other work than the one that would run here, whatever the machines."""
    return [part for part in here if part not in PARTS and here[part] != job.get(part)]


def difference(job: Mapping, here: Mapping) -> str:
    """How the machines of two jobs differ: `device cuda, here cpu; torch 2.11.0+cu130, here 2.13.0`."""
    theirs, ours = _flat(job), _flat(here)
    names = [name for name in dict.fromkeys([*ours, *theirs]) if theirs.get(name) != ours.get(name)]
    return "; ".join(f"{name} {theirs.get(name, 'absent')}, here {ours.get(name, 'absent')}" for name in names)


def _flat(job: Mapping) -> dict:
    versions = job["versions"] if isinstance(job.get("versions"), Mapping) else {}
    return {name: job.get(name) for name in PARTS if name != "versions"} | dict(versions)
