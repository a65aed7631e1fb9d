"""HTML and Markdown of the parts of a page: header, figure with its claims, cards, tables."""

import html
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt
from markupsafe import Markup

from verifig.judging import verdicts
from verifig.judging.judgement import NARROW
from verifig.pages import marked, narrow, pictures, places, words
from verifig.pages.templating import fill
from verifig.pages.typesetting import typeset

if TYPE_CHECKING:
    from verifig.planning.rulesets import Deviation, RuleSet

LEGIBLE = 544  # pixels below which a figure scrolls rather than shrinks
ORIGINS = {"paper": "paper’s", "theory": "theory", "pilot": "pilot", "control": "control arm", "ours": "ours"}
KINDS = {"number": "a number of the paper’s", "direction": "a statement of the paper’s, with a threshold"}
KINDS |= {"identity": "an identity", "ours": "an extension of ours"}
OPEN = ("contradicted", "inconclusive")
MANY = 2  # measurements of an open claim; of more, those inside their bounds are folded
PLACES = {"reproduced": "inside", "contradicted": "outside", "inconclusive": "undecided", "not tested": "not tested"}


@dataclass(frozen=True)
class Block:
    """Something on the page, in both languages."""

    html: str
    markdown: str

    def _repr_html_(self) -> str:
        return marked.spans(self.html)

    def _repr_markdown_(self) -> str:
        return marked.plain(self.markdown)


def escape(text: object) -> str:
    """Text for HTML."""
    return html.escape(str(text))


def badge(claim: Mapping) -> Markup:
    """A verdict in its kind's word, coloured, with a symbol, so that colour is not needed to read it."""
    verdict = claim["verdict"]
    name = verdict.replace(" ", "-")
    return Markup(f'<span class="badge {name}">{verdicts.SYMBOLS[verdict]} {escape(verdicts.word(claim))}</span>')


def table(head: Sequence[str], rows: Sequence[Sequence[str]], stack: bool = False, label: str = "") -> Block:
    """A plain table of text; `stack`: on a narrow screen each cell names its column, where others scroll.

    Args:
        label: for readers who hear the page, the name of one that scrolls (its first column, if not given).
    """
    cells = "".join(
        "<tr>"
        + "".join(
            f'<td data-head="{escape(name)}">{escape(cell)}</td>' if stack and cell else f"<td>{escape(cell)}</td>"
            for name, cell in zip(head, row, strict=True)
        )
        + "</tr>"
        for row in rows
    )
    headers = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    within = f"<thead><tr>{headers}</tr></thead><tbody>{cells}</tbody></table>"
    name = escape(label or head[0])
    region = f'<div class="scroll" tabindex="0" role="region" aria-label="table: {name}"><table>{within}</div>'
    page_html = f'<table class="stack">{within}' if stack else region
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(cell(each) for each in row) + " |" for row in rows]
    return Block(page_html, "\n".join(lines))


def cell(text: object) -> str:
    """Text for one cell of a Markdown table."""
    return " ".join(str(text).split()).replace("|", "\\|")


def deviations(items: Sequence["Deviation"]) -> Block:
    """What differs from the paper, a line each; why, and what it may change, below the line."""
    folded = "".join(
        f"<details><summary>{typeset(item.what)}</summary><p><strong>Why:</strong> {typeset(item.why)}. "
        f"<strong>What it may change:</strong> {typeset(item.effect)}.</p></details>"
        for item in items
    )
    rows = [[item.what, item.why, item.effect] for item in items]
    return Block(folded, table(["What differs", "Why", "What it may change"], rows).markdown)


def counts(claims: Sequence[Mapping]) -> Block:
    """Kinds of claims, one a line, with their verdicts: no line adds them up."""
    rows, found = [], verdicts.by_kind(claims)
    for kind in verdicts.KINDS:
        counted = found[kind.name]
        if sum(counted.values()):
            right = f"{verdicts.tally(counted)} {kind.many}" if verdicts.tested(counted) else "–"
            agrees = _agreement([claim for claim in claims if verdicts.kind_of(claim) == kind])
            rows.append([kind.title, right, *(str(counted[verdict] or "–") for verdict in verdicts.ORDER[1:]), agrees])
    behave, judged = verdicts.controls(claims)
    if judged:
        rows.append(["controls and oracles", f"{behave} of {judged} as they must be", *[""] * len(verdicts.ORDER)])
    head = ["Kind of claim", "Found right", *verdicts.ORDER[1:], "Paper’s value where one more of our runs would fall"]
    if not any(row[-1] for row in rows):
        head, rows = head[:-1], [row[:-1] for row in rows]
    return table(head, rows, stack=True)


def _agreement(claims: Sequence[Mapping]) -> str:
    """`3 of 4 (2 with too few)`, or nothing where no claim was compared."""
    found = verdicts.agreement(claims)
    few = f" ({found['too few']} with too few)" if found["too few"] else ""
    return f"{found['yes']} of {found['yes'] + found['no']}{few}" if sum(found.values()) else ""


def header(
    ruleset: "RuleSet",
    claims: Sequence[Mapping],
    scale: str,
    recorded: Block | None = None,
    hero: Block | None = None,
    convention: str = "",
    recorded_bar: str = "",
) -> Block:
    """Title, what the paper says, a first figure, what lines and bands are, and claims by kind and verdict, those of a record apart."""
    found = counts(claims)
    shown = verdicts.paper_claims(claims)
    sentences = [
        f"Counts at {scale} scale; kinds are not summed, and claims that share runs are not independent evidence.",
        words.simultaneous(claims),
    ]
    given, nothing = {"ruleset": ruleset, "sentences": sentences, "convention": convention}, Block("", "")
    hero, recorded = hero or nothing, recorded or nothing
    return Block(
        fill(
            "header.html.j2",
            **given,
            hero=Markup(hero.html),
            counts=Markup(found.html),
            recorded=Markup(recorded.html),
            bar=Markup(
                pictures.bar(shown, len(shown), "claims by kind and verdict") + recorded_bar + pictures.bar_legend()
            ),
        ),
        fill("header.md.j2", **given, hero=hero.markdown, counts=found.markdown, recorded=recorded.markdown),
    )


def ours(claim: Mapping) -> str:
    """The deciding part of a claim on one line, for tables."""
    part = verdicts.deciding(claim)
    return words.short(part) + words.more_parts(claim) if part else ""


def figure_html(
    name: str,
    heading: str,
    source: str | None,
    alt: str,
    note: str,
    claims: Sequence[Mapping],
    width: int = 0,
    beside: str = "",
    folded: str = "",
    small: str = "",
) -> str:
    """A figure (`width` pixels wide where there is room), what stands beside it, and its claims.

    Args:
        folded: the line behind which the figure stands; unfolded if empty.
        small: the same picture for narrow screens, if there is one.
    """
    image = ""
    if source:
        size = f"width:{width}px;min-width:{min(width, LEGIBLE)}px"
        label = f"figure: {escape(heading)}"
        picture = _linked(source, escape(alt), size, small)
        image = f'<div class="plot scroll" tabindex="0" role="region" aria-label="{label}">{picture}</div>'
        image += narrow.ORDER if small and narrow.names_places(note) else ""
    caption = f"<figcaption>{MarkdownIt('commonmark').renderInline(note)}</figcaption>" if note else ""
    if image and folded:
        image = f"<details><summary>{escape(folded)}</summary>{image}</details>"
    figure = f'<figure id="{escape(name)}">{image}{caption}</figure>' if source or note else ""
    return figure + beside + "".join(claim_html(claim) for claim in claims)


def _linked(source: str, alt: str, size: str, small: str = "") -> str:
    """A picture that leads to its file, which is large on a phone; in a notebook, where it is no file, the picture."""
    image = narrow.or_wide(f'<img src="{source}" alt="{alt}" style="{size}">', small)
    return image if source.startswith("data:") else f'<a href="{source}">{image}</a>'


def figure_markdown(source: str | None, alt: str, note: str, claims: Sequence[Mapping], beside: str = "") -> str:
    """The same for code hosts."""
    lines = [f"![{cell(alt)}]({source})", ""] if source else []
    lines += [f"*{note}*", ""] if note else []
    lines += [beside] if beside else []
    return "\n".join(lines + [claim_markdown(claim) for claim in claims])


def claim_html(claim: Mapping) -> str:
    """One claim: statement, verdict, and for every part the paper's value, the bound, ours, and a range plot.

    One that was found right is one line until it is opened.
    """
    given = card(claim)
    return fill("claim.html.j2", **given, card=given)


def claim_markdown(claim: Mapping) -> str:
    """One claim for code hosts."""
    return fill("claim.md.j2", **card(claim))


def card(claim: Mapping) -> dict:
    """What both languages show of a claim, and of the verdict recorded beside it."""
    past = claim.get("recorded")
    facts = [
        ("Why these bounds", claim["why"]),
        ("Kind", f"{KINDS[claim['basis']]}, {words.SETTINGS[claim['setting']]}" if claim["kind"] == "claim" else ""),
        ("Units of replication", claim.get("varies", "")),
    ]
    return {
        "claim": claim,
        "place": places.on_page(claim),
        "now": _judged(claim),
        "state": claim["verdict"].replace(" ", "-"),
        "folded": all(each["verdict"] in ("reproduced", "caught") for each in (claim, *([past] if past else []))),
        "narrow": claim["verdict"] == "reproduced" and (claim.get("headroom") or math.inf) < NARROW,
        "paper_value": "no number" if claim["paper_value"] is None else str(claim["paper_value"]),
        "recorded": _judged(past) | {"on": past["recorded_on"]} if past else None,
        "sentences": claim.get("recorded_sentences", []),
        "moved": claim.get("moved"),
        "facts": [fact for fact in facts if fact[1]],
        "notes": [f"{verdicts.name_of(part)}: {note}" for part in claim["parts"] for note in part["notes"]],
    }


def _judged(claim: Mapping) -> dict:
    """A verdict with its measurements."""
    rows = [_row(part, "of" in claim) for part in claim["parts"]]
    rows += [_row(part, False) | {"name": f"sound runs: {verdicts.name_of(part)}"} for part in claim.get("healthy", [])]
    settled = [row for row in rows if row["settled"]] if len(rows) > MANY and claim["verdict"] in OPEN else []
    return {
        "badge": badge(claim),
        "symbol": verdicts.SYMBOLS[claim["verdict"]],
        "word": verdicts.word(claim),
        "theirs": any(row["paper"] for row in rows),
        "bound": f"Bound ({_origin(claim)})" if "bounds_from" in claim else "Bound",
        "rows": rows,
        "open": [row for row in rows if row not in settled],
        "rest": settled,
        "words": words.wording(claim),
        "right": claim["verdict"] in ("reproduced", "caught"),
    }


def _origin(claim: Mapping) -> str:
    return "ours" if words.seen(claim) else ORIGINS[claim["bounds_from"]]


def _row(part: Mapping, broken: bool) -> dict:
    """One measurement; of a broken instrument (`broken`) it is right that it lies outside."""
    symbol, place = verdicts.SYMBOLS[part["verdict"]], PLACES[part["verdict"]]
    if broken:
        outside = part["verdict"] == "contradicted"
        symbol, place = ("✓", "outside, as it must be") if outside else ("·", "not clearly outside")
    return {
        "name": verdicts.name_of(part),
        "paper": words.paper(part),
        "bound": words.bounds(part),
        "value": words.value(part),
        "certainty": words.certainty(part),
        "more": [sentence for sentence in (words.agrees(part), words.control_arm(part)) if sentence],
        "plot": Markup(pictures.range_plot(part)),
        "symbol": symbol,
        "place": place,
        "settled": part["verdict"] == "reproduced",
    }
