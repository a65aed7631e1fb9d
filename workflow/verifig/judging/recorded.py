"""Verdicts recorded on purpose: reading recorded/<scale>.json of a paper, and what of it still holds.

A recorded verdict is shown as such, with its hardware and date, and never counted as fresh. Where the claim or the
settings of its runs have changed since, it is no verdict any more.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from verifig.ground import schema
from verifig.ground.errors import InputError
from verifig.ground.files import read_json, sha256
from verifig.ground.keys import key
from verifig.ground.paths import SCHEMAS, ruleset_dir
from verifig.ground.yaml_files import read_yaml
from verifig.judging import claims as claims_module
from verifig.judging.judge import judge
from verifig.judging.judgement import finite
from verifig.measuring import tables
from verifig.planning import rulesets

NOT_TESTED = "not tested"
SAME = ("experiment", "condition", "statistic", "estimator", "relation", "scale", "trials", "resolution", "filter")
PLACE = ("experiment", "condition", "statistic")
JUDGED = ("verdict", "parts", "p_bound", "headroom", "agrees", "healthy", "reason")


def path(slug: str, scale: str) -> Path:
    """The file with the recorded verdicts of a paper at a scale."""
    return ruleset_dir(slug) / "recorded" / f"{scale}.json"


def load(slug: str, scale: str) -> "Record | None":
    """What was recorded of a paper at a scale; None if nothing was.

    Raises:
        InputError: the file is not as `verifig record` writes it.
    """
    file = path(slug, scale)
    if not file.exists():
        return None
    contents = read_json(file)
    schema.validate(contents, read_yaml(SCHEMAS / "recorded.schema.yaml"), str(file))
    return Record(slug, scale, contents)


@dataclass(frozen=True)
class Record:
    """What was recorded of a paper at a scale; `contents` is the file, checked."""

    slug: str
    scale: str
    contents: Mapping[str, Any]

    @property
    def verdicts(self) -> dict[str, str]:
        """By claim id, as they were recorded."""
        return {claim["id"]: claim["verdict"] for claim in self.contents["claims"]}

    @property
    def runs(self) -> dict[str, Mapping]:
        """By experiment, the run that the verdicts rest on."""
        return self.contents.get("runs", {})

    @cached_property
    def other_settings(self) -> set[str]:
        """Experiments that were run with other settings than the configured ones."""
        ruleset = rulesets.load(self.slug)
        known = ruleset.experiments(self.scale)
        return {
            name
            for name, run in self.runs.items()
            if name not in known or run["settings"] != key(rulesets.settings(ruleset, name, self.scale))
        }

    @property
    def not_covered(self) -> list[str]:
        """Experiments of the scale of which no run is recorded."""
        return [name for name in rulesets.load(self.slug).experiments(self.scale) if name not in self.runs]

    def place(self, experiments: Iterable[str] = ()) -> str:
        """Hardware and date of the runs of some experiments (of all, if none of these is recorded): `H200, 2026-12-01`."""
        runs = [self.runs[name] for name in experiments if name in self.runs] or list(self.runs.values())
        devices = sorted({run["device"] for run in runs}) or [self.contents["hardware"]]
        dates = sorted({run["date"] for run in runs}) or [self.contents["date"]]
        return f"{' and '.join(devices)}, {' to '.join(dict.fromkeys((dates[0], dates[-1])))}"

    @cached_property
    def claims(self) -> list[dict]:
        """All claims of the paper as recorded at this scale, in the form of verdicts.json.

        One that is judged has besides `recorded_on`, hardware and date of its runs. What is not recorded is not tested;
        nor is what was recorded of something else, and then `changed` says what.
        """
        known = claims_module.load(self.slug)
        nothing = pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in tables.COLUMNS.items()})
        left_out = {"changed": {}, "left_out": rulesets.load(self.slug).experiments(self.scale)}
        past = {claim["id"]: claim for claim in self.contents["claims"] if claim["verdict"] != NOT_TESTED}
        found = judge(known, nothing, self.scale, {}, left_out)
        return [self._recorded(claim, past[claim["id"]]) if claim["id"] in past else claim for claim in found]

    def _recorded(self, claim: dict, past: Mapping) -> dict:
        place = self.place(experiments(past))
        if changed := self.changed(past):
            sentence = f"{changed} changed since it was recorded ({past['verdict']}, {place})"
            return claim | {"reason": sentence, "changed": sentence}
        described = {name: value for name, value in claim.items() if name not in JUDGED}
        return described | {name: past[name] for name in JUDGED if name in past} | {"recorded_on": place}

    def changed(self, past: Mapping) -> str | None:
        """What a recorded verdict and the claim as it stands now differ in: `its bounds have`; None if in nothing."""
        known = claims_module.load(self.slug)
        claim = next((claim for claim in known if claim["id"] == past["id"]), None)
        if claim is None or self.scale not in claim["scales"]:
            return "what is judged at this scale has"
        if past["statement"].split() != claim["statement"].split():
            return "its statement has"
        parts = claims_module.parts(claim, self.scale, known)
        healthy = claims_module.resolved(claim.get("healthy", []), self.scale)
        for before, now in ((past["parts"], parts), (past.get("healthy", []), healthy)):
            if [_what(part) for part in before] != [_what(part) for part in now]:
                return "what it measures has"
            if [part["bounds"] for part in before] != [[finite(part["low"]), finite(part["high"])] for part in now]:
                return "its bounds have"
        if others := sorted(experiments(past) & self.other_settings):
            return f"the settings of {' and '.join(others)} have"
        return None

    def frames(self) -> dict[str, pd.DataFrame]:
        """The recorded tables by their names below recorded/paper/: `statistics.parquet`, `curves/<name>.parquet`.

        Raises:
            InputError: one of them is not as it was recorded.
        """
        found = {}
        for name, digest in self.contents.get("tables", {}).items():
            file = path(self.slug, self.scale).with_suffix("") / name
            if not file.is_file() or sha256(file) != digest:
                state = "damaged" if file.is_file() else "missing"
                raise InputError(
                    f"{file} is {state} (its sha256 is not the one in {self.scale}.json): restore it, or remove that file and record again"
                )
            found[name] = tables.read(file)
        return found


def experiments(claim: Mapping) -> set[str]:
    """Experiments whose statistics a judged claim rests on, those of its control arms among them."""
    parts = [*claim["parts"], *claim.get("healthy", [])]
    arms = [part["control_arm"] for part in parts if "control_arm" in part]
    return {part["experiment"] for part in (*parts, *arms)}


def _what(part: Mapping) -> list:
    """What a part measures and how it is judged, but for its bounds; of a resolved part as of a judged one."""
    arm = part.get("control_arm")
    if isinstance(arm, Mapping) and "verdict" not in arm:
        arm = claims_module.control_arm(part)
    return [part.get(name) for name in SAME] + [arm and arm[name] for name in PLACE]


def judged(claims: Collection[Mapping]) -> list[Mapping]:
    """Those that have a verdict."""
    return [claim for claim in claims if claim["verdict"] != NOT_TESTED]


def short(commit: str | None) -> str | None:
    """The first letters of a recorded commit, and whether files differed from it."""
    head, _, rest = (commit or "").partition(" ")
    return f"{head[:12]} {rest}".strip() or None
