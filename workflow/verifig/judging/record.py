"""What `verifig record` writes to recorded/<scale>.json: verdicts of finished runs, merged at paper scale with earlier ones."""

from collections.abc import Iterable, Mapping

from verifig.ground import numbers, revision
from verifig.ground.files import read_json
from verifig.ground.keys import key
from verifig.ground.paths import Layout
from verifig.ground.version import __version__
from verifig.judging.recorded import JUDGED, NOT_TESTED, Record, experiments, short
from verifig.planning import rulesets, standing

SHORT = ("id", "verdict", "p_bound", "headroom", "agrees")
SHORT_PART = ("observed", "low", "high", "n", "verdict")
DIGITS = 6  # of values by unit


def made(layout: Layout) -> dict:
    """The contents of recorded/<scale>.json from results that are the suite's (see `standing.problem`).

    With the verdicts go version, commit, date of the run, and hardware. At paper scale they are kept in full, with each
    run that they rest on: the device, the date, the commit, minutes, seeds.
    """
    contents = standing.load(layout.verdicts)
    judged = read_json(layout.provenance("judge"))
    trained = {
        name: read_json(layout.provenance(name)) for name in read_json(layout.provenance("measure"))["job"]["upstream"]
    }
    jobs = [record["job"] for record in trained.values()]
    head = {
        "schema": 1,
        "verifig": __version__,
        "scale": layout.scale,
        "commit": revision.commit(),
        "date": max(item["finished"] for item in list(trained.values()) or [judged])[:10],
        "versions": jobs[0]["versions"] if jobs else contents["versions"],
        "hardware": _hardware(item["device_name"] for item in trained.values()),
    }
    if layout.scale != "paper":
        cpu_seconds = round(sum(item["cpu_seconds"] for item in trained.values()))
        return head | {"cpu_seconds": cpu_seconds, "claims": [_short(claim) for claim in contents["claims"]]}
    return head | {
        "runs": {name: _run(record, head["commit"]) for name, record in trained.items()},
        "tables": {},
        "health": {name: [_whole(part) for part in parts] for name, parts in contents.get("health", {}).items()},
        "claims": [_full(claim) for claim in contents["claims"]],
    }


def _hardware(devices: Iterable[str]) -> str:
    return ", ".join(sorted(set(devices))) or "none"


def _run(record: Mapping, commit: str | None) -> dict:
    """One training run: by what, when, how long, of what."""
    job = record["job"]
    return {
        "device": record["device_name"],
        "date": record["finished"][:10],
        "minutes": round(record["wall_seconds"] / 60, 1),
        "commit": commit,
        "verifig": record["verifig"],
        "versions": job["versions"],
        "seeds": job["seeds"],
        "key": record["key"],
        "settings": key(job["settings"]),
    }


def _short(claim: Mapping) -> dict:
    """What is kept of a verdict that anyone can make again."""
    parts = [{name: part[name] for name in SHORT_PART} for part in claim["parts"]]
    return {name: claim[name] for name in SHORT if name in claim} | {"parts": parts}


def _full(claim: Mapping) -> dict:
    """What is kept of a verdict at paper scale: all that was judged; why a claim was not is known without a record."""
    if claim["verdict"] == NOT_TESTED:
        return _untested(claim["id"])
    kept = {"id": claim["id"], "statement": claim["statement"]}
    kept |= {name: claim[name] for name in JUDGED if name in claim}
    return kept | {name: [_whole(part) for part in claim[name]] for name in ("parts", "healthy") if name in claim}


def _untested(name: str) -> dict:
    return {"id": name, "verdict": NOT_TESTED, "parts": []}


def _whole(part: Mapping) -> dict:
    values = [numbers.significant(value, DIGITS) if isinstance(value, float) else value for value in part["values"]]
    return dict(part) | {"values": values}


def merged(new: Mapping, old: Record | None, slug: str) -> tuple[dict, dict[str, str]]:
    """What was recorded at paper scale before, with new runs in place of old ones of the same experiments.

    A verdict from before is kept where the new results have none, unless its claim has changed or one of its runs was
    replaced.

    Returns:
        The contents, and by id of each claim that has lost its verdict, why.
    """
    if old is None:
        return dict(new), {}
    before, lost = {claim["id"]: claim for claim in old.contents["claims"]}, {}
    runs = {name: _first(old.runs.get(name), run) for name, run in new["runs"].items()}
    known = rulesets.load(slug).experiments("paper")
    runs = {name: (old.runs | runs)[name] for name in known if name in old.runs or name in runs}
    replaced = {name for name, run in old.runs.items() if runs.get(name, {}).get("key") != run["key"]}
    claims = []
    for claim in new["claims"]:
        past = before.get(claim["id"], {"verdict": NOT_TESTED})
        if claim["verdict"] == NOT_TESTED and past["verdict"] != NOT_TESTED:
            if why := _lost(past, old, replaced):
                lost[claim["id"]] = why
            else:
                claim = past
        claims.append(claim)
    contents = dict(new) | {
        "date": max([run["date"] for run in runs.values()] or [new["date"]]),
        "hardware": _hardware(run["device"] for run in runs.values()),
        "runs": runs,
        "health": {name: parts for name, parts in (old.contents["health"] | new["health"]).items() if name in runs},
        "claims": claims,
    }
    return contents, lost


def _first(old: Mapping | None, new: Mapping) -> Mapping:
    """Of the same run recorded twice, the entry with the commit at which it was recorded first."""
    same = old is not None and (old["key"], old["date"]) == (new["key"], new["date"])
    return old if same else new


def _lost(past: Mapping, old: Record, replaced: set[str]) -> str | None:
    """Why a verdict from before does not stand beside the new ones, or None where it does."""
    if changed := old.changed(past):
        return f"{changed} changed"
    if others := sorted(experiments(past) & replaced):
        return f"there are new runs of {' and '.join(others)}, without all that it needs"
    return None


def bases(contents: Mapping, claims: Iterable[Mapping]) -> dict[str, dict]:
    """What each judged claim of a record rests on, by its id, as a run of the paper's history (see `history.added`)."""
    return {claim["id"]: _basis(contents, claim) for claim in claims}


def _basis(contents: Mapping, claim: Mapping) -> dict:
    known = contents.get("runs", {})
    runs = [known[name] for name in sorted(experiments(claim)) if name in known]
    last = max(runs, key=lambda run: run["date"], default=contents)
    return {
        "scale": contents["scale"],
        "verifig": last["verifig"],
        "commit": short(last["commit"]),
        "date": last["date"],
        "hardware": _hardware(run["device"] for run in runs) if runs else contents["hardware"],
        "torch": last.get("versions", {}).get("torch"),
    }
