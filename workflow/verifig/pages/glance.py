"""A paper's claims at a glance: one row a claim with the part that decides it, and one row a control."""

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from verifig.ground import numbers
from verifig.judging import verdicts
from verifig.pages import cards, notices, pictures, places, words
from verifig.pages.cards import Block
from verifig.pages.templating import fill

HEAD = ("Claim", "Statement", "Paper", "Deciding quantity", "Verdict")
WORDS = (
    (
        "what decides",
        "of a claim's measurements the one that contradicts it, else one that is open, else the one nearest to its bound",
    ),
    ("bound", "what a claim allows its measurement to be; its card says where it comes from, and why"),
    ("interval", "95 % confidence over seeds, draws or trials, unless a card says otherwise"),
    ("seed", "one repetition with other random numbers: initial weights, split, order of the data"),
    ("inconclusive", "our interval reaches across the bound"),
    ("narrow", "holds, but with little room between our interval and the bound"),
    ("not tested", "no run at this scale measures it, or its data could not be had"),
    ("control arm", "the same measurement where the claimed cause is absent; there the bound must fail"),
    ("oracle", "a measurement whose right answer is known exactly"),
    ("caught", "an instrument that was broken on purpose made a claim fail, as it must"),
    ("extension", "a statement of ours, not of the paper"),
    ("prediction interval", "where one more of our runs would fall with 95 %"),
    ("member steps", "training steps, summed over seeds and conditions"),
    ("key", "digest of all that decides the result of a run"),
)
PAST = "At paper scale, recorded"


def verdict_table(claims: Sequence[Mapping]) -> Block:
    """One line a claim, with the part that decides, and the verdict recorded at paper scale where there are such.

    Where some are judged, those that are not tested stand behind one line.
    """
    rows = [_row(claim) for claim in claims]
    past = any(row["past"] for row in rows)
    head = (*HEAD, *([PAST] if past else []))
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for row in rows:
        cells = [row["named"], row["claim"]["statement"], row["paper"], row["line"], row["told"]]
        cells += [_told(row["past"]) if row["past"] else "–"] if past else []
        lines.append("| " + " | ".join(map(cards.cell, cells)) + " |")
    untested = [row for row in rows if row["claim"]["verdict"] == "not tested" and not row["past"]]
    judged = [row for row in rows if row not in untested]
    shown = fill(
        "glance.html.j2",
        judged=judged,
        untested=untested,
        past=PAST,
        legend=Markup(pictures.legend()),
        badge=cards.badge,
        words=WORDS,
    )
    return Block(shown, "\n".join(lines))


def control_table(claims: Sequence[Mapping]) -> Block:
    """Oracles and controls, one row each, behind one line; what is not as it must be stands in front of it."""
    rows = [_row(claim) | {"card": cards.card(claim)} for claim in claims]
    behave = [row for row in rows if row["card"]["folded"]]
    unfolded = [row for row in rows if row not in behave]
    shown = fill("controls.html.j2", rows=unfolded) if unfolded else ""
    if behave:
        line = f"{len(behave)} of {numbers.count(len(rows), 'control')} as they must be: each with its measurement"
        shown += notices.folded(line, Block(fill("controls.html.j2", rows=behave), "")).html
    return Block(shown, "\n".join(cards.claim_markdown(claim) for claim in claims))


def _row(claim: Mapping) -> dict:
    past = claim.get("recorded")
    # a claim that only the paper scale has measured shows what was measured there
    measured = past if past and claim["verdict"] == "not tested" else claim
    part = verdicts.deciding(measured)
    theirs = words.paper(part) if part else ""
    name = verdicts.name_of(part) if part else ""
    return {
        "claim": claim,
        "place": places.on_page(claim),
        "named": f"{claim['id']}, {places.on_page(claim)}",
        "paper": theirs or ("–" if claim["paper_value"] is None else str(claim["paper_value"])),
        "line": cards.ours(measured),
        "name": f"at paper scale: {name}" if part and measured is past else name,
        "value": words.value(part) if part else "–",
        "certainty": words.certainty(part) if part else "",
        "bound": words.bounds(part) if part else "",
        "more": words.more_parts(measured) if part else "",
        "plot": Markup(pictures.range_plot(part) if part else ""),
        "badge": cards.badge(claim),
        "told": _told(claim),
        "past": past,
    }


def _told(claim: Mapping) -> str:
    return f"{verdicts.SYMBOLS[claim['verdict']]} {verdicts.word(claim)}"
