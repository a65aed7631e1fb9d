"""How a claim moved: what was recorded of it before, on other machines or at another scale, beside what it is now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

from markupsafe import Markup

from verifig.ground import numbers
from verifig.judging import history, scales, verdicts
from verifig.judging.history import History, Part, State
from verifig.pages import cards, pictures, units, words

EARLIER = 5  # states shown beside the present one, the latest
PARTS = 3  # measurements of a claim shown, those that moved most
OTHER_BOUNDS, OTHER_WORDS = "judged against other bounds", "stated otherwise then"


@dataclass(frozen=True)
class Then:
    """A recorded state beside the claim as it is now.

    `parts` are in the order of the claim's: what was measured then, or None where that is measured no more or was not
    yet. `shifts` say how far each lies from now (see `history.shift`).
    """

    state: State
    runs: Sequence[Mapping]
    parts: Sequence[Part | None]
    shifts: Sequence[float]
    now: State

    @property
    def scale(self) -> str:
        """At which it was recorded."""
        return self.runs[-1]["scale"]

    @property
    def differs(self) -> bool:
        """Whether verdict or a measurement is another one now."""
        return self.state.verdict != self.now.verdict or any(shift > history.STILL for shift in self.shifts)

    def moved(self, number: int) -> bool:
        """Whether a part was measured then, and is another one now."""
        return self.parts[number] is not None and self.shifts[number] > history.STILL

    def like(self, other: "Then", number: int, scale: scales.Linear) -> bool:
        """Whether verdict and a part that both have are those of another state."""
        same = history.shift(self.parts[number], other.parts[number], scale) <= history.STILL
        return same and self.state.verdict == other.state.verdict

    def marks(self, number: int, resolved: Mapping) -> list[str]:
        """What else was otherwise, where a part was recorded; bounds in the unit of the part as it is shown."""
        part, found = self.parts[number], []
        if part.bounds != self.now.parts[number].bounds:
            bounds = units.shown({**resolved, "bounds": part.bounds})["bounds"]
            found.append(f"{OTHER_BOUNDS}: {numbers.bounds(*bounds)}{units.sign(resolved)}")
        return found + [OTHER_WORDS] * (self.state.statement != self.now.statement)


def known(claim: Mapping, past: History) -> list[Then]:
    """What was recorded of a claim, the latest first."""
    now, found = history.state(claim), []
    for state in reversed(past.states.get(claim["id"], [])):
        parts = history.counterparts(now.parts, state.parts, attrgetter("what"))
        shifts = [
            0.0 if then is None else history.shift(part, then, scales.of(resolved))
            for part, then, resolved in zip(now.parts, parts, claim["parts"], strict=True)
        ]
        found.append(Then(state, [past.runs[number] for number in state.runs], parts, shifts, now))
    return found


def place(run: Mapping) -> str:
    """`laptop scale, verifig 0.1.0 (890ab5e), 2026-11-27, AMD EPYC`."""
    commit = f" ({run['commit'][:7]})" if run["commit"] else ""
    return f"{run['scale']} scale, verifig {run['verifig']}{commit}, {run['date']}, {run['hardware']}"


def measured(part: Mapping, then: Part) -> dict:
    """A part of a claim with the values of then in place of its own, and nothing of its single units."""
    gone = ("paper", "control_arm", "agrees", "prediction")
    kept = {name: value for name, value in part.items() if name not in gone}
    return kept | {"observed": then.observed, "low": then.low, "high": then.high, "n": then.n, "values": []}


def attach(claims: Sequence[dict], slug: str) -> None:
    """Add to each claim that was judged, and of which something else was recorded, how it moved (`moved`, see `_card`).

    The verdict recorded at paper scale, which stands beside (see `recorded.attach`), is not enough for that.

    Raises:
        InputError: the paper's history is damaged.
    """
    past = history.load(slug)
    for claim in claims:
        found = [then for then in known(claim, past) if then.differs] if claim["parts"] else []
        if not all(_beside(claim, then) for then in found):
            claim["moved"] = _card(claim, found[:EARLIER]) | {"name": f"{slug}/{claim['id']}"}


def _beside(claim: Mapping, then: Then) -> bool:
    """Whether a state is that which the card shows as recorded at paper scale."""
    shown = claim.get("recorded") if then.scale == "paper" else None
    return shown is not None and history.same(shown, history.state({**claim, **shown}), then.state)


def _card(claim: Mapping, found: Sequence[Then]) -> dict:
    """What a card shows: how many states differ, a table for each measurement that moved, and verdicts without one."""
    furthest = [max(then.shifts[number] for then in found) for number in range(len(claim["parts"]))]
    moved = [number for number, shift in enumerate(furthest) if shift > history.STILL]
    shown = sorted(sorted(moved, key=lambda number: -furthest[number])[:PARTS])
    told = [then for then in found if not any(map(then.moved, range(len(claim["parts"]))))]
    return {
        "count": numbers.count(len(found), "record"),
        "differ": "differs" if len(found) == 1 else "differ",
        "tables": [_table(claim, number, found) for number in shown],
        "sentences": [
            f"{word(claim, then)} at {place(then.runs[-1])}; nothing that was measured both then and now moved"
            for then in told
        ],
        "left": len(moved) - len(shown),
    }


def word(claim: Mapping, then: Then) -> str:
    """The verdict of then with its symbol, in the word of the claim's kind at that scale."""
    verdict = then.state.verdict
    return f"{verdicts.SYMBOLS[verdict]} {verdicts.word({**_claim(claim, then), 'verdict': verdict})}"


def _claim(claim: Mapping, then: Then) -> Mapping:
    """The claim at the scale of then, as far as it is recorded."""
    return claim["recorded"] if then.scale == "paper" and "recorded" in claim else claim


def _table(claim: Mapping, number: int, found: Sequence[Then]) -> dict:
    """Rows of one measurement, that of this run first; what stayed where it was is left out."""
    part, before = claim["parts"][number], None
    rows = [_row(part, part, "this run", cards.badge(claim), [], labelled=True)]
    for then in found:
        if then.moved(number) and not (before and then.like(before, number, scales.of(part))):
            badge = cards.badge({**_claim(claim, then), "verdict": then.state.verdict})
            old = measured(part, then.parts[number])
            rows.append(_row(part, old, place(then.runs[-1]), badge, then.marks(number, part), labelled=False))
            before = then
    return {"name": verdicts.name_of(part), "rows": rows}


def _row(part: Mapping, then: Mapping, when: str, badge: Markup, marks: Sequence[str], labelled: bool) -> dict:
    return {
        "when": when,
        "value": words.value(then),
        "certainty": words.certainty(then),
        "plot": Markup(pictures.past_plot(part, then, labelled)),
        "badge": badge,
        "marks": marks,
    }


def lines(claim: Mapping, past: History) -> list[str]:
    """The same for a terminal: every recorded state, with each measurement that is another one now."""
    found = []
    for then in known(claim, past):
        others = [place(run) for run in reversed(then.runs[:-1])]
        also = f"; also {'; '.join(others)}" if others else ""
        same = "" if then.differs else ", as here"
        torch = f", torch {run['torch']}" if (run := then.runs[-1])["torch"] else ""
        found.append(f"{word(claim, then)}: {place(run)}{torch}{also}{same}")
        for number, (part, old) in enumerate(zip(claim["parts"], then.parts, strict=True)):
            if then.moved(number):
                shown = measured(part, old)
                marks = "".join(f"; {mark}" for mark in then.marks(number, part))
                found.append(f"  {verdicts.name_of(part)}: {words.value(shown)}, {words.certainty(shown)}{marks}")
    return found
