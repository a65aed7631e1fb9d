"""What pages show of verdicts recorded on purpose: beside the claims, as counts, and as a table of the runs behind them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

from verifig.ground import numbers
from verifig.ground.files import read_json
from verifig.ground.paths import Layout
from verifig.judging import recorded as records
from verifig.judging import verdicts
from verifig.judging.recorded import Record
from verifig.pages import cards, notices, pictures
from verifig.pages.cards import Block


@dataclass(frozen=True)
class Beside:
    """Figures drawn from recorded tables, by name, and what is to be said of those that are not."""

    blocks: Mapping[str, Block] = field(default_factory=dict)
    sentences: Sequence[str] = ()


def beside_page(layout: Layout) -> bool:
    """Whether a page shows what was recorded: beside laptop results with their configured settings."""
    return layout.scale == "laptop" and not read_json(layout.verdicts).get("what_if")


def of_page(layout: Layout) -> Record | None:
    """What was recorded at paper scale, where it is shown (see `beside_page`).

    Raises:
        InputError: the record is not as `verifig record` writes it.
    """
    return records.load(layout.slug, "paper") if beside_page(layout) else None


def attach(claims: Sequence[dict], slug: str, paper: Record | None) -> None:
    """Add to each claim what was recorded of it: at paper scale, and at laptop scale where its data are missing now.

    `recorded` is its verdict at paper scale, as a claim; `recorded_sentences` say what else is known. Neither is counted.
    """
    at_paper = {claim["id"]: claim for claim in paper.claims} if paper else {}
    lacking = [claim for claim in claims if "data" in claim.get("reason", "")]
    laptop = records.load(slug, "laptop") if lacking else None
    for claim in claims:
        past, sentences = at_paper.get(claim["id"], {}), []
        if "recorded_on" in past:
            claim["recorded"] = past
        if "changed" in past:
            sentences.append(f"A verdict recorded at paper scale is not shown: {past['changed']}.")
        known = laptop.verdicts.get(claim["id"], records.NOT_TESTED) if laptop and claim in lacking else None
        if known not in (None, records.NOT_TESTED):
            version = laptop.contents["verifig"]
            sentences.append(f"Last known verdict, recorded with verifig {version}, not counted here: {known}.")
        claim["recorded_sentences"] = sentences


def told(record: Record, experiments: Sequence[str] = ()) -> str:
    """`paper scale, recorded on NVIDIA H200, 2026-12-01`."""
    return f"{record.scale} scale, recorded on {record.place(experiments)}"


def counts(record: Record | None) -> Block:
    """Claims by kind and verdict as recorded at paper scale, apart from those of the run; nothing without a record."""
    if record is None:
        return Block("", "")
    table = cards.counts(record.claims)
    text = f"At {told(record)}: {coverage(record)}. Not run here, and counted apart."
    return Block(f'<p class="small">{cards.escape(text)}</p>{table.html}', f"{text}\n\n{table.markdown}")


def bar(record: Record | None) -> str:
    """The same as a bar, as HTML."""
    if record is None:
        return ""
    shown = verdicts.paper_claims(record.claims)
    drawn = pictures.bar(shown, len(shown), "claims by kind and verdict, at paper scale")
    return f'<p class="small">At {cards.escape(told(record))}; counted apart:</p>{drawn}'


def everywhere(papers: Sequence[Mapping | None]) -> Markup:
    """The same over all papers, for the front page; `papers` are those of `site.counted` with a record."""
    found = [paper for paper in papers if paper]
    if not found:
        return Markup("")
    devices = sorted({run["device"] for paper in found for run in paper["record"].runs.values()})
    text = (
        f"At paper scale, for {len(found)} of {numbers.count(len(papers), 'paper')}, recorded on {' and '.join(devices)}: "
        "not run here, and counted apart."
    )
    table = cards.counts([claim for paper in found for claim in paper["claims"]])
    return Markup(f'<p class="small">{cards.escape(text)}</p>{table.html}')


def coverage(record: Record) -> str:
    """Which experiments of the scale a record covers."""
    covered, total = list(record.runs), len(record.runs) + len(record.not_covered)
    if len(covered) == total:
        return f"all {numbers.count(total, 'experiment')}" if total > 1 else "its one experiment"
    return f"{len(covered)} of {numbers.count(total, 'experiment')} ({', '.join(covered)})"


def runs(record: Record | None, sentences: Sequence[str] = ()) -> Block:
    """The recorded runs, what they do not cover, and what of the record is not shown."""
    if record is None:
        return Block("", "")
    rows = [
        [
            name,
            run["device"],
            run["date"],
            f"{run['minutes']:g}",
            str(len(run["seeds"])),
            records.short(run["commit"]) or "unknown",
        ]
        for name, run in record.runs.items()
    ]
    table = cards.table(["Experiment", "Hardware", "Date", "Minutes", "Seeds", "Commit"], rows, label="recorded runs")
    lines = [f"Recorded runs: {coverage(record)}."]
    if record.not_covered:
        lines.append(f"Not recorded: {', '.join(record.not_covered)}; claims on them are not tested at this scale.")
    if stale := [claim for claim in record.claims if "changed" in claim]:
        lines.append("Not shown as a verdict: " + "; ".join(f"{c['id']}, {c['changed']}" for c in stale) + ".")
    text = " ".join([*lines, *sentences])
    folded = notices.folded("Hardware, date, minutes and seeds of each recorded run", table)
    return Block(f"<p>{cards.escape(text)}</p>{folded.html}", f"{text}\n\n{table.markdown}")
