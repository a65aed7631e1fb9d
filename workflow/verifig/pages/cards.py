"""HTML and Markdown of the parts of a page: header, figure with its claims, control cards, tables."""

import html
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt
from markupsafe import Markup

from verifig.judging import verdicts
from verifig.judging.judgement import NARROW
from verifig.pages import pictures, words
from verifig.pages.templating import fill

if TYPE_CHECKING:
    from verifig.planning.rulesets import RuleSet

LEGIBLE = 544  # pixels below which a figure scrolls rather than shrinks
ORIGINS = {"paper": "paper’s", "theory": "theory", "pilot": "pilot", "control": "control arm", "ours": "ours"}
KINDS = {"number": "a number of the paper’s", "direction": "a statement of the paper’s, with a threshold"}
KINDS |= {"identity": "an identity", "ours": "an extension of ours"}
PLACES = {"reproduced": "inside", "contradicted": "outside", "inconclusive": "undecided", "not tested": "not tested"}


@dataclass(frozen=True)
class Block:
    """Something on the page, in both languages."""

    html: str
    markdown: str

    def _repr_html_(self) -> str:
        return self.html

    def _repr_markdown_(self) -> str:
        return self.markdown


def escape(text: object) -> str:
    """Text for HTML."""
    return html.escape(str(text))


def badge(claim: Mapping) -> Markup:
    """A verdict in its kind's word, coloured, with a symbol, so that colour is not needed to read it."""
    verdict = claim["verdict"]
    name = verdict.replace(" ", "-")
    return Markup(f'<span class="badge {name}">{verdicts.SYMBOLS[verdict]} {escape(verdicts.word(claim))}</span>')


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Block:
    """A plain table of text."""
    cells = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    headers = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    page_html = f'<div class="scroll" tabindex="0" role="region" aria-label="table: {escape(head[0])}"><table><thead><tr>{headers}</tr></thead><tbody>{cells}</tbody></table></div>'
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(_cell(cell) for cell in row) + " |" for row in rows]
    return Block(page_html, "\n".join(lines))


def _cell(text: object) -> str:
    return " ".join(str(text).split()).replace("|", "\\|")


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
    return table(head, rows)


def _agreement(claims: Sequence[Mapping]) -> str:
    """`3 of 4 (2 with too few)`, or nothing where no claim was compared."""
    found = verdicts.agreement(claims)
    few = f" ({found['too few']} with too few)" if found["too few"] else ""
    return f"{found['yes']} of {found['yes'] + found['no']}{few}" if sum(found.values()) else ""


def header(ruleset: "RuleSet", claims: Sequence[Mapping], scale: str) -> Block:
    """Title, papers, claims by kind and verdict, and what the small plots mean."""
    found = counts(claims)
    shown = verdicts.paper_claims(claims)
    sentences = [
        f"Counts at {scale} scale; kinds are not summed, and claims that share runs are not independent evidence.",
        words.simultaneous(claims),
    ]
    given = {"ruleset": ruleset, "sentences": sentences}
    return Block(
        fill(
            "header.html.j2",
            **given,
            counts=Markup(found.html),
            bar=Markup(pictures.bar(shown, len(shown), "claims by kind and verdict") + pictures.bar_legend()),
            legend=Markup(pictures.legend()),
        ),
        fill("header.md.j2", **given, counts=found.markdown),
    )


def verdict_table(claims: Sequence[Mapping]) -> Block:
    """One line a claim, with the part that decides."""
    rows = "".join(
        f'<tr><td><a href="#{escape(c["id"])}">{escape(c["id"])}</a><br><span class="small">{escape(c["place"])}</span></td>'
        f"<td>{escape(c['statement'])}</td><td>{escape(ours(c))}</td><td>{badge(c)}</td></tr>"
        for c in claims
    )
    head = ("Claim", "Statement", "Deciding quantity", "Verdict")
    columns = "".join(f'<th scope="col">{name}</th>' for name in head)
    page_html = (
        '<div class="scroll" tabindex="0" role="region" aria-label="all claims"><table>'
        f"<thead><tr>{columns}</tr></thead><tbody>{rows}</tbody></table></div>"
    )
    lines = ["| " + " | ".join(head) + " |", "|---|---|---|---|"]
    lines += [
        f"| {c['id']}, {_cell(c['place'])} | {_cell(c['statement'])} | {_cell(ours(c))} | {verdicts.SYMBOLS[c['verdict']]} {verdicts.word(c)} |"
        for c in claims
    ]
    return Block(page_html, "\n".join(lines))


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
) -> str:
    """A figure (`width` pixels wide where there is room) with its claims."""
    image = ""
    if source:
        size = f"width:{width}px;min-width:{min(width, LEGIBLE)}px"
        label = f"figure: {escape(heading)}"
        image = (
            f'<div class="plot scroll" tabindex="0" role="region" aria-label="{label}">'
            f'<img src="{source}" alt="{escape(alt)}" style="{size}"></div>'
        )
    caption = f"<figcaption>{MarkdownIt('commonmark').renderInline(note)}</figcaption>" if note else ""
    figure = f'<figure id="{escape(name)}">{image}{caption}</figure>' if source or note else ""
    return figure + "".join(claim_html(claim) for claim in claims)


def figure_markdown(source: str | None, alt: str, note: str, claims: Sequence[Mapping]) -> str:
    """The same for code hosts."""
    lines = [f"![{_cell(alt)}]({source})", ""] if source else []
    lines += [f"*{note}*", ""] if note else []
    return "\n".join(lines + [claim_markdown(claim) for claim in claims])


def claim_html(claim: Mapping) -> str:
    """One claim: statement, verdict, and for every part the paper's value, the bound, ours, and a range plot."""
    facts = [
        ("Why these bounds", claim["why"]),
        ("Kind", f"{KINDS[claim['basis']]}, {words.SETTINGS[claim['setting']]}" if claim["kind"] == "claim" else ""),
        ("Units of replication", claim.get("varies", "")),
    ]
    notes = [f"{verdicts.name_of(part)}: {note}" for part in claim["parts"] for note in part["notes"]]
    return fill("claim.html.j2", **_card(claim), facts=[fact for fact in facts if fact[1]], notes=notes)


def claim_markdown(claim: Mapping) -> str:
    """One claim for code hosts."""
    return fill("claim.md.j2", **_card(claim))


def _card(claim: Mapping) -> dict:
    """What both languages show of a claim."""
    rows = [_row(part, "of" in claim) for part in claim["parts"]]
    rows += [_row(part, False) | {"name": f"sound runs: {verdicts.name_of(part)}"} for part in claim.get("healthy", [])]
    return {
        "claim": claim,
        "state": claim["verdict"].replace(" ", "-"),
        "badge": badge(claim),
        "symbol": verdicts.SYMBOLS[claim["verdict"]],
        "word": verdicts.word(claim),
        "narrow": claim["verdict"] == "reproduced" and (claim.get("headroom") or math.inf) < NARROW,
        "paper_value": "no number" if claim["paper_value"] is None else str(claim["paper_value"]),
        "theirs": any(row["paper"] for row in rows),
        "bound": f"Bound ({_origin(claim)})" if "bounds_from" in claim else "Bound",
        "rows": rows,
        "words": words.wording(claim),
        "recorded": claim.get("recorded_sentences", []),
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
    }


def controls_html(claims: Sequence[Mapping]) -> str:
    """Controls and oracles as cards."""
    return "".join(claim_html(claim) for claim in claims)


def controls_markdown(claims: Sequence[Mapping]) -> str:
    """The same for code hosts."""
    return "\n".join(claim_markdown(claim) for claim in claims)
