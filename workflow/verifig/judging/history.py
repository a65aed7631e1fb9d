"""How a paper's verdicts moved between versions, machines and scales: recorded/history.json, which `verifig record` keeps.

A state of a claim is its verdict and its measurements, to few digits. It is kept once, with the runs that gave it, so
that recording the same again adds nothing. Pages and `explain` show it; nothing is judged by it.
"""

import json
import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np

from verifig.ground import numbers, schema
from verifig.ground.errors import InputError
from verifig.ground.files import read_json, write_text
from verifig.ground.keys import key
from verifig.ground.paths import SCHEMAS, ruleset_dir
from verifig.ground.yaml_files import read_yaml
from verifig.judging import scales

SCALES = ("laptop", "paper")  # values at smoke scale mean nothing
PLACE = ("scale", "verifig", "hardware", "torch")  # runs that agree in these differ by their date alone
MEASURED = ("experiment", "condition", "statistic", "estimator")
STILL = 0.005  # of the way from our value to its further bound: about a pixel of its picture
MORE_DIGITS = 2  # than a page shows
STATES = 6  # kept of a claim at a scale
P = TypeVar("P")


class Part(NamedTuple):
    """One measurement of a state: digest of what is measured, bounds, number of units, value, ends of its interval."""

    what: str
    bounds: list[float | str]
    n: int
    observed: float | str | None
    low: float | str | None
    high: float | str | None


@dataclass(frozen=True)
class State:
    """A verdict and its measurements, and the numbers of the runs that gave them, in the order of recording."""

    verdict: str
    statement: str
    parts: tuple[Part, ...]
    runs: tuple[int, ...] = ()


@dataclass(frozen=True)
class History:
    """Runs by number, in the order of recording, and the states of each claim, the one recorded last at the end."""

    runs: Mapping[int, Mapping[str, str | None]]
    states: Mapping[str, Sequence[State]]

    def latest(self, state: State) -> Mapping[str, str | None]:
        """The run in which a state was recorded last."""
        return self.runs[max(state.runs)]


def path(slug: str) -> Path:
    """The file with the history of a paper."""
    return ruleset_dir(slug) / "recorded" / "history.json"


def load(slug: str) -> History:
    """The history of a paper, empty where nothing was kept.

    Raises:
        InputError: the file is not as `verifig record` writes it.
    """
    file = path(slug)
    if not file.exists():
        return History({}, {})
    contents = read_json(file)
    schema.validate(contents, read_yaml(SCHEMAS / "history.schema.yaml"), str(file))
    runs = {int(number): run for number, run in contents["runs"].items()}
    states = {name: [_state(each) for each in found] for name, found in contents["claims"].items()}
    for name, found in states.items():
        if lost := sorted({number for state in found for number in state.runs} - set(runs)):
            raise InputError(f"{file}: claims.{name} names the run {lost[0]}, which is not among its runs")
    return History(runs, states)


def _state(entry: Mapping) -> State:
    parts = tuple(Part(*part, *part[3:] * (2 * (len(part) == 4))) for part in entry["parts"])
    return State(entry["verdict"], entry["statement"], parts, tuple(entry["runs"]))


def save(slug: str, history: History) -> None:
    """Write the history of a paper: one line a run, one line a state, claims by their ids."""
    runs = [f'  "{number}": {_line(run)}' for number, run in sorted(history.runs.items())]
    claims = []
    for name, states in sorted(history.states.items()):
        lines = ",\n".join(f"   {_line(_entry(each))}" for each in states)
        claims.append(f"  {_line(name)}: [\n{lines}\n  ]")
    inside = [f' "{name}": {{\n' + ",\n".join(each) + "\n }" for name, each in (("runs", runs), ("claims", claims))]
    text = "{\n" + ",\n".join([' "schema": 1', *inside]) + "\n}\n"
    if not path(slug).exists() or text != path(slug).read_text(encoding="utf-8"):
        write_text(path(slug), text)


def _entry(state: State) -> dict:
    """As in the file: an interval that is its value is left out."""
    parts = [part[:4] if part.observed == part.low == part.high else part for part in state.parts]
    return vars(state) | {"parts": parts}


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def state(claim: Mapping) -> State:
    """A judged claim, as in verdicts.json, as a state without runs."""
    statement = key(claim["statement"].split())[:6]
    return State(claim["verdict"], statement, tuple(_measured(part) for part in claim["parts"]))


def _measured(part: Mapping) -> Part:
    digits = min(numbers.digits_for(*part["bounds"], part["observed"]) + MORE_DIGITS, 12)
    values = [part[name] for name in ("observed", "low", "high")]
    bounds, values = ([_rounded(value, digits) for value in each] for each in (part["bounds"], values))
    return Part(what(part), bounds, part["n"], *values)


def what(part: Mapping) -> str:
    """Digest of what a judged part measures, whatever its bounds."""
    return key([part[name] for name in MEASURED])[:6]


def _rounded(value: float | str | None, digits: int) -> float | str | None:
    return numbers.significant(value, digits) if isinstance(value, float) else value


def counterparts(now: Iterable[P], then: Iterable[P], measures: Callable[[P], str]) -> list[P | None]:
    """For each part of now the one of then that measured the same, if there is such."""
    left, found = list(then), []
    for part in now:
        same = next((old for old in left if measures(old) == measures(part)), None)
        left = [old for old in left if old is not same]
        found.append(same)
    return found


def shift(now: Part, then: Part, scale: scales.Linear) -> float:
    """How far value and interval lie apart, as a share of the way from ours to the further bound; 0 if in nothing.

    Infinite where other bounds, another number of units or an undefined value make two measurements incomparable.
    """
    if (now.bounds, now.n) != (then.bounds, then.n):
        return math.inf
    pairs = [(a, b) for a, b in zip(now[3:], then[3:], strict=True) if a != b]
    if not pairs:
        return 0.0
    if not all(_finite(value) for pair in pairs for value in pair):
        return math.inf
    ends = [bound for bound in now.bounds if _finite(bound)]
    ours = [value for value in now[3:] if _finite(value)]
    if np.isnan(scale.forward([*ends, *ours, *(b for _, b in pairs)])).any():
        scale = scales.Linear()
    way = np.abs(np.subtract.outer(scale.forward(ours), scale.forward(ends or [0.0]))).max()
    apart = max(abs(float(scale.forward(a) - scale.forward(b))) for a, b in pairs)
    return apart / way if way else math.inf


def _finite(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def same(claim: Mapping, now: State, then: State) -> bool:
    """Whether two states of a claim differ in nothing that a reader could ask about; wording is not compared."""
    if now.verdict != then.verdict or [part.what for part in now.parts] != [part.what for part in then.parts]:
        return False
    measured = zip(now.parts, then.parts, claim["parts"], strict=True)
    return all(shift(a, b, scales.of(part)) <= STILL for a, b, part in measured)


def added(history: History, claims: Iterable[Mapping], runs: Mapping[str, Mapping]) -> History:
    """A history with what was recorded now: a state that is new, or was found on other runs, or returns.

    Args:
        claims: the judged ones, in full.
        runs: of each claim by id, what it rests on: scale, verifig, commit, date, hardware, torch.
    """
    known, states = dict(history.runs), {name: list(found) for name, found in history.states.items()}
    for claim in claims:
        run, now = runs[claim["id"]], state(claim)
        kept = states.setdefault(claim["id"], [])
        past = [each for each in kept if known[max(each.runs)]["scale"] == run["scale"]]
        here = [(n, each) for each in past for n in each.runs if _place(known[n]) == _place(run)]
        _, newest = max(here, key=lambda item: item[0], default=(0, None))
        if newest and same(claim, now, newest):
            kept[kept.index(newest)] = replace(newest, statement=now.statement)
            continue
        last = max((n for each in kept for n in each.runs), default=0)
        number = next((n for n, each in known.items() if n > last and each == run), max(known, default=0) + 1)
        known[number] = dict(run)
        before = next((each for each in past if same(claim, now, each)), now)
        kept[:] = [each for each in kept if each is not before]
        kept.append(replace(before, statement=now.statement, runs=(*before.runs, number)[-STATES:]))
        surplus = [each for each in kept if known[max(each.runs)]["scale"] == run["scale"]][:-STATES]
        kept[:] = [each for each in kept if each not in surplus]
    used = {number for found in states.values() for each in found for number in each.runs}
    return History({number: run for number, run in known.items() if number in used}, states)


def without_gone(history: History, known: Collection[str]) -> History:
    """A history without what is no claim any more: what was recorded of it stands in the changelog."""
    return replace(history, states={name: found for name, found in history.states.items() if name in known})


def _place(run: Mapping) -> list:
    return [run[name] for name in PLACE]
