"""HTML and Markdown of the parts of a page: header, figure with its claims, control table."""

import html
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from verifig import numbers, verdicts

if TYPE_CHECKING:
    from verifig.rulesets import RuleSet

RANGE_PLOT = "range plot: the shaded band is what the claim allows, the bar our 95 % interval, the dots single seeds"
LEGIBLE = 544  # pixels below which a figure scrolls rather than shrinks


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


def badge(verdict: str) -> str:
    """A verdict as a coloured word with a symbol, so that colour is not needed to read it."""
    name = verdict.replace(" ", "-")
    return f'<span class="badge {name}">{verdicts.SYMBOLS[verdict]} {escape(verdict)}</span>'


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


def header(ruleset: "RuleSet", claims: Sequence[Mapping], scale: str) -> Block:
    """Title, papers, counts by verdict and the sentence that says what was counted."""
    config = ruleset.config
    counts = verdicts.counts(claims)
    held, reproduced = verdicts.simultaneous(claims)
    summary = verdicts.summary(claims, scale)
    guard = (
        f"Intervals are 95 % each. {held} of {reproduced} reproduced claims about random quantities also hold with simultaneous intervals "
        "(Bonferroni over this page). Claims that share runs are not independent evidence."
    )
    papers = "".join(
        f'<li><a href="{escape(p["url"])}">{escape(p["title"])}</a>, {escape(p["authors"])}, {escape(p["venue"])}'
        + (f' (<a href="{escape(p["code"])}">authors’ code</a>)' if "code" in p else "")
        + (" — context" if p.get("context") else "")
        + "</li>"
        for p in config["papers"].values()
    )
    chips = "".join(f"<li>{badge(verdict)} <strong>{count}</strong></li>" for verdict, count in counts.items())
    page_html = (
        f'<header class="card"><h1>{escape(config["title"])}</h1><p class="lead">{escape(config["summary"])}</p>'
        f'<ul class="chips" aria-label="verdicts of the papers’ claims">{chips}</ul><p>{escape(summary)}</p>'
        f'<p class="small">{escape(guard)}</p><h2 class="plain">Papers</h2><ul class="papers">{papers}</ul></header>'
    )
    lines = [f"# {config['title']}", "", config["summary"], ""]
    lines += [" · ".join(f"{verdicts.SYMBOLS[v]} {v}: **{c}**" for v, c in counts.items()), "", summary, "", guard, ""]
    for p in config["papers"].values():
        code = f" ([authors' code]({p['code']}))" if "code" in p else ""
        lines.append(
            f"- [{p['title']}]({p['url']}), {p['authors']}, {p['venue']}{code}{' (context)' if p.get('context') else ''}"
        )
    return Block(page_html, "\n".join(lines))


def verdict_table(claims: Sequence[Mapping]) -> Block:
    """One line a claim."""
    rows = "".join(
        f'<tr><td><a href="#{escape(c["id"])}">{escape(c["id"])}</a></td><td>{escape(c["place"])}</td>'
        f"<td>{escape(c['statement'])}</td><td>{badge(c['verdict'])}</td></tr>"
        for c in claims
    )
    page_html = (
        '<div class="scroll" tabindex="0" role="region" aria-label="all claims"><table><thead><tr><th scope="col">Claim</th><th scope="col">Place</th>'
        f'<th scope="col">Statement</th><th scope="col">Verdict</th></tr></thead><tbody>{rows}</tbody></table></div>'
    )
    lines = ["| Claim | Place | Statement | Verdict |", "|---|---|---|---|"]
    lines += [
        f"| {c['id']} | {_cell(c['place'])} | {_cell(c['statement'])} | {verdicts.SYMBOLS[c['verdict']]} {c['verdict']} |"
        for c in claims
    ]
    return Block(page_html, "\n".join(lines))


def figure_html(
    name: str,
    heading: str,
    source: str | None,
    alt: str,
    note: str,
    claims: Sequence[Mapping],
    scale: str,
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
    caption = f"<figcaption>{escape(note)}</figcaption>" if note else ""
    figure = f'<figure id="{escape(name)}">{image}{caption}</figure>' if source or note else ""
    return figure + "".join(claim_html(claim, scale) for claim in claims)


def figure_markdown(
    name: str, heading: str, source: str | None, alt: str, note: str, claims: Sequence[Mapping], scale: str
) -> str:
    """The same for code hosts."""
    lines = [f"![{_cell(alt)}]({source})", ""] if source else []
    lines += [f"*{note}*", ""] if note else []
    return "\n".join(lines + [claim_markdown(claim, scale) for claim in claims])


def claim_html(claim: Mapping, scale: str) -> str:
    """One claim: statement, verdict, and for every part bounds, our value with interval, and a range plot."""
    paper_value = "the paper gives no number" if claim["paper_value"] is None else str(claim["paper_value"])
    facts = [
        ("Why these bounds", claim["why"]),
        ("Kind", f"{claim['basis']}, setting: {claim['setting']}"),
        ("Units of replication", claim.get("varies", "")),
    ]
    details = "".join(f"<dt>{escape(term)}</dt><dd>{escape(text)}</dd>" for term, text in facts if text)
    shown = (
        f'<p class="paper-value">Paper: <strong>{escape(paper_value)}</strong> <span class="small">({escape(claim["source"])})</span></p>'
        if claim["kind"] == "claim"
        else ""
    )
    narrow = " · narrow" if claim["verdict"] == "reproduced" and (claim.get("headroom") or math.inf) < 1.3 else ""
    return (
        f'<article class="claim {claim["verdict"].replace(" ", "-")}" id="{escape(claim["id"])}" aria-labelledby="{escape(claim["id"])}-title">'
        f'<p class="claim-title" id="{escape(claim["id"])}-title"><a class="anchor" href="#{escape(claim["id"])}">{escape(claim["id"])}</a> '
        f'{badge(claim["verdict"])}<span class="small">{escape(claim["place"])}{narrow}</span></p>'
        f'<p class="statement">{escape(claim["statement"])}</p>{shown}{_parts_html(claim)}'
        f'<p class="small">{escape(verdicts.wording(claim, scale))}{_recorded(claim)}</p>'
        f"<details><summary>Why these bounds, what varies, notes</summary><dl>{details}</dl>{_notes(claim['parts'])}</details></article>"
    )


def _recorded(claim: Mapping) -> str:
    """Recorded verdicts, shown as such and never counted."""
    return "".join(f" <em>{escape(sentence)}</em>" for sentence in claim.get("recorded_sentences", []))


def _notes(parts: Sequence[Mapping]) -> str:
    notes = [f"{part.get('label', part['statistic'])}: {note}" for part in parts for note in part["notes"]]
    return "<ul>" + "".join(f"<li>{escape(note)}</li>" for note in notes) + "</ul>" if notes else ""


def _parts_html(claim: Mapping) -> str:
    """The measurements behind a claim, those that show that its runs are healthy last."""
    healthy = [
        part | {"label": f"healthy: {part.get('label') or part['statistic']}"} for part in claim.get("healthy", [])
    ]
    parts = [*claim["parts"], *healthy]
    if not parts:
        return ""
    rows = "".join(
        f"<tr><td>{escape(part.get('label') or part['statistic'])}</td><td>{escape(part_bounds(part))}</td>"
        f"<td><strong>{escape(part_value(part))}</strong>{escape(part_interval(part))}</td>"
        f'<td class="range">{range_plot(part)}</td>'
        f'<td>{verdicts.SYMBOLS[part["verdict"]]}<span class="hidden"> {part["verdict"]}</span></td></tr>'
        for part in parts
    )
    columns = ("Quantity", "Claimed", "Ours")
    head = "".join(f'<th scope="col">{name}</th>' for name in columns)
    hidden = "".join(f'<th scope="col"><span class="hidden">{name}</span></th>' for name in (RANGE_PLOT, "Verdict"))
    return (
        '<div class="scroll" tabindex="0" role="region" aria-label="measurements"><table class="parts">'
        f"<thead><tr>{head}{hidden}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def part_bounds(part: Mapping) -> str:
    """Bounds as text."""
    return numbers.bounds(*part["bounds"])


def part_interval(part: Mapping) -> str:
    """How sure our value is: interval and number of units, or what stands in its place."""
    if part["estimator"] == "exact":
        return " (exact)"
    units = f"{part['n']} {numbers.plural(part.get('unit', 'seed'))}"
    if part["estimator"] == "every":
        return f" worst of {units}"
    return f" {numbers.interval(part['low'], part['high'], _digits(part))}, {part['estimator']} of {units}"


def part_value(part: Mapping) -> str:
    """Our value, with the digits that its bounds ask for."""
    return numbers.text(part["observed"], _digits(part))


def _digits(part: Mapping) -> int:
    return numbers.digits_for(*part["bounds"])


def claim_markdown(claim: Mapping, scale: str) -> str:
    """One claim for code hosts."""
    lines = [
        f"**{claim['id']}** {verdicts.SYMBOLS[claim['verdict']]} *{claim['verdict']}* ({claim['place']}): {claim['statement']}",
        "",
    ]
    for part in claim["parts"]:
        name = part.get("label") or part["statistic"]
        lines.append(
            f"- {name}: claimed {part_bounds(part)}, ours **{part_value(part)}**{part_interval(part)} {verdicts.SYMBOLS[part['verdict']]}"
        )
    paper_value = "no number" if claim["paper_value"] is None else claim["paper_value"]
    lines += ["", f"Paper: {paper_value} ({claim['source']}). {verdicts.wording(claim, scale)}", ""]
    return "\n".join(lines)


def controls_html(claims: Sequence[Mapping], scale: str) -> str:
    """Controls and oracles as cards."""
    return "".join(claim_html(claim, scale) for claim in claims)


def controls_markdown(claims: Sequence[Mapping], scale: str) -> str:
    """The same for code hosts."""
    return "\n".join(claim_markdown(claim, scale) for claim in claims)


def range_plot(part: Mapping, width: int = 190, height: int = 26) -> str:
    """A small picture of one part: allowed band, our interval, single seeds. Decorative: the text says the same."""
    log = part.get("scale") == "log"

    def position(value: float) -> float:
        return math.log(value) if log else value

    finite = [float(v) for v in part["values"] if isinstance(v, int | float)]
    own = [v for v in (part["observed"], part["low"], part["high"]) if isinstance(v, int | float)]
    limits = [float(b) for b in part["bounds"] if not isinstance(b, str)]
    points = [position(v) for v in finite + own + limits if not log or v > 0]
    if not points or not own:
        return ""
    low, high = min(points), max(points)
    pad = 0.12 * (high - low) or max(abs(low) * 0.1, 0.1)
    low, high = low - pad, high + pad

    def x(value: float) -> float:
        return round(4 + (position(value) - low) / (high - low) * (width - 8), 1)

    left = x(part["bounds"][0]) if not isinstance(part["bounds"][0], str) and (not log or part["bounds"][0] > 0) else 0
    right = x(part["bounds"][1]) if not isinstance(part["bounds"][1], str) else width
    shapes = [
        f'<rect class="allowed" x="{left}" y="3" width="{max(right - left, 2):.1f}" height="{height - 6}" rx="2"/>'
    ]
    middle = height / 2
    if all(isinstance(part[side], int | float) for side in ("low", "high")):
        shapes.append(
            f'<line class="interval" x1="{x(part["low"])}" x2="{x(part["high"])}" y1="{middle}" y2="{middle}"/>'
        )
    shapes += [f'<circle class="seed" cx="{x(v)}" cy="{middle}" r="2.2"/>' for v in finite[:40] if not log or v > 0]
    if isinstance(part["observed"], int | float):
        shapes.append(
            f'<line class="observed" x1="{x(part["observed"])}" x2="{x(part["observed"])}" y1="5" y2="{height - 5}"/>'
        )
    return f'<svg class="range-plot" viewBox="0 0 {width} {height}" width="{width}" height="{height}" aria-hidden="true">{"".join(shapes)}</svg>'
