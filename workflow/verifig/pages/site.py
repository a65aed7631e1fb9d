"""The front page, the pages of themes, and all verdicts as data: results/<scale>/site/. Links lead to the papers' pages."""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd
from markupsafe import Markup

from verifig.ground import numbers
from verifig.ground.files import read_json, write_json, write_text
from verifig.ground.paths import Layout
from verifig.ground.version import __version__
from verifig.judging import history, verdicts
from verifig.judging import recorded as records
from verifig.measuring.compact import short
from verifig.pages import cards, handed, narrow, notation, places, recorded, templating, theme_page, tiles, units, words
from verifig.pages.notices import is_placeholder
from verifig.planning import rulesets, themes, whatif

COLOURS = {"unexplained": "red", "contradicted": "yellow", "inconclusive": "yellow", "reproduced": "brightgreen"}
UNIT_DIGITS = 6  # of single units in verdicts.json, which they are half of
CLAIM = ("kind", "basis", "setting", "place", "verdict", "agrees")
PART = ("estimator", "relation", "observed", "low", "high", "n", "paper")


def build(results: Path, scale: str, slugs: list[str], log: Callable[[str], None] = print) -> None:
    """Write index.html, a page a theme, verdicts.json, verdicts.csv and a badge a paper from what the workflow made."""
    folder = results / scale / "site"
    papers = [_paper(Layout(results, scale, slug)) for slug in slugs]
    everything = {"schema": 3, "verifig": __version__, "scale": scale, "papers": [_data(p) for p in papers]}
    write_text(folder / "verdicts.json", in_lines(short(everything, unit_digits=UNIT_DIGITS)))
    write_text(folder / "verdicts.csv", _csv(papers))
    for paper in papers:
        write_json(folder / "badges" / f"{paper['slug']}.json", badge(paper["claims"], scale))
    for name, page in theme_page.pages(papers, scale).items():
        write_text(folder / name, notation.html(page))
    front = notation.html(index(papers, scale))
    write_text(folder / "index.html", front)
    write_text(folder.with_suffix(".html"), handed.whole(front, folder))
    log(f"front page over {len(papers)} papers, {sum(len(p['claims']) for p in papers)} claims")


def index(papers: list[dict], scale: str) -> str:
    """The front page, from what `_paper` gives."""
    everything = [claim for paper in papers for claim in paper["claims"]]
    by_slug = {paper["slug"]: paper for paper in papers}
    return templating.fill(
        "index.html.j2",
        scale=scale,
        version=__version__,
        papers=papers,
        themes=[
            {"theme": theme, "papers": [by_slug[slug] for slug in found]}
            for theme, found in themes.by_theme(by_slug).items()
        ],
        counts=Markup(cards.counts(everything).html),
        recorded=recorded.everywhere([paper["recorded"] for paper in papers]),
        sentences=[*words.agreement(everything), luck(everything)],
        totals={
            "cost": numbers.seconds(sum(paper["seconds"] for paper in papers)),
            "hardware": sorted({name for paper in papers for name in paper["hardware"]}),
        },
        kinds=verdicts.KINDS,
        kind_of=verdicts.kind_of,
        order=verdicts.ORDER,
        ours=cards.ours,
        **tiles.given(papers),
    )


def luck(claims: list[Mapping]) -> str:
    """How many claims could pass by luck alone, in the worst case."""
    random = sum(claim["p_bound"] is not None for claim in verdicts.paper_claims(claims))
    return (
        f"{random} claims rest on random draws; were every one of them false by a hair, "
        f"about {numbers.text(round(0.025 * random, 1))} would still pass by luck."
    )


def _paper(layout: Layout) -> dict:
    """What the front page shows of one paper."""
    judged = read_json(layout.verdicts)
    stages = [read_json(path) for path in sorted(layout.folder.glob("*.provenance.json"))]
    trained = [record for record in stages if record["job"]["stage"] == "train"]
    ruleset = rulesets.load(layout.slug)
    units.attach(judged["claims"], ruleset)
    return counted(layout.slug, judged["claims"], recorded.of_page(layout)) | {
        "changed": whatif.sentences(judged.get("what_if")),
        "theme": ruleset.theme,
        "title": ruleset.title,
        "summary": ruleset.summary,
        "seconds": sum(record["cpu_seconds"] for record in trained),
        "cost": numbers.seconds(sum(record["cpu_seconds"] for record in trained)),
        "hardware": sorted({record["device_name"] for record in trained}),
        "short": places.short_name(layout.slug, ruleset.works[layout.slug]),
        "thumbnail": _thumbnail(layout, ruleset, judged["claims"]),
    }


def _thumbnail(layout: Layout, ruleset: rulesets.RuleSet, claims: list[Mapping]) -> dict | None:
    """The first figure that could be drawn, what it is, and the claims on it."""
    for name, figure in ruleset.figures.items():
        path = layout.page / "figures" / f"{name}.svg"
        if path.exists() and not is_placeholder(path):
            small = narrow.beside(path)  # its first panel fills the tile; of a wide picture a corner is cut out
            shown = small if small.exists() else path
            source = f"../{layout.slug}/page/figures/{shown.name}"
            on_it = [claim for claim in verdicts.paper_claims(claims) if claim["figure"] == name]
            told = {"caption": f"{figure.place}: {figure.title}", "claims": on_it}
            panel = None if shown == path else narrow.first_panel(small.read_text(encoding="utf-8"))
            return {"source": source, "cut": shown == path, "panel": panel} | told
    return None


def counted(slug: str, claims: list[dict], record: records.Record | None = None) -> dict:
    """The claims of a paper and their counts by kind; those of a record at paper scale apart, in `recorded`."""
    counts = verdicts.by_kind(claims)
    behave, judged = verdicts.controls(claims)
    return {
        "slug": slug,
        "claims": claims,
        "shown": verdicts.paper_claims(claims),
        "counts": counts,
        "tallies": {name: verdicts.tally(found) for name, found in counts.items()},
        "open": verdicts.open_counts(claims),
        "controls": f"{behave} of {judged}",
        "recorded": None if record is None else _recorded(record),
    }


def _recorded(record: records.Record) -> dict:
    """The same of what was recorded at paper scale."""
    seconds = 60 * sum(run["minutes"] for run in record.runs.values())
    told = {"record": record, "seconds": seconds, "cost": numbers.seconds(seconds)}
    return counted(record.slug, record.claims) | told


def _data(paper: dict) -> dict:
    past = paper["recorded"]
    return {
        "slug": paper["slug"],
        "theme": paper["theme"],
        "title": paper["title"],
        "counts": paper["counts"],
        "claims": paper["claims"],
    } | ({} if past is None else {"recorded": _recorded_data(past["record"], past["counts"])})


def _recorded_data(record: records.Record, counts: dict) -> dict:
    """What was recorded at paper scale, with the verdicts that still are such."""
    return {
        "scale": record.scale,
        "on": record.place(),
        "experiments": list(record.runs),
        "counts": counts,
        "verdicts": {claim["id"]: claim["verdict"] for claim in records.judged(record.claims)},
    }


def _csv(papers: list[dict]) -> str:
    """One row a part of a claim, one for a claim without parts; what is recorded at paper scale in columns of its own."""
    rows = []
    for paper in papers:
        past = {claim["id"]: claim for claim in (paper["recorded"] or {}).get("claims", []) if "recorded_on" in claim}
        for claim in paper["claims"]:
            kind, recorded_claim = verdicts.kind_of(claim), past.get(claim["id"], {})
            told = {"theme": paper["theme"], "slug": paper["slug"], "claim": claim["id"]} | {
                name: claim.get(name) for name in CLAIM
            }
            told |= {"counted_as": kind.name if kind else claim["kind"]}
            known = {f"recorded_{name}": recorded_claim.get(name) for name in ("verdict", "agrees")}
            known |= {"recorded_on": recorded_claim.get("recorded_on")}
            for part, then in _beside(claim["parts"], recorded_claim.get("parts", [])):
                low, high = part.get("bounds", (None, None))
                found = {name: part.get(name) for name in PART} | {"bound_low": low, "bound_high": high}
                name = verdicts.name_of(part or then) if part or then else None
                named = {"part": name, "part_verdict": part.get("verdict")}
                rows.append(told | named | found | known | _recorded_part(then))
    frame = pd.DataFrame(rows, dtype=object)
    return frame.to_csv(index=False, lineterminator="\n")


def _beside(parts: list[dict], recorded_parts: list[dict]) -> list[tuple[dict, dict]]:
    """Each part with what was recorded of the same measurement; {} where one of both is missing."""
    found = history.counterparts(parts, recorded_parts, history.what)
    others = [then for then in recorded_parts if not any(then is each for each in found)]
    pairs = [(part, then or {}) for part, then in zip(parts, found, strict=True)]
    return [*pairs, *(({}, then) for then in others)] or [({}, {})]


def _recorded_part(then: dict) -> dict:
    low, high = then.get("bounds", (None, None))
    found = {"part_verdict": then.get("verdict")} | {name: then.get(name) for name in ("observed", "low", "high", "n")}
    return {f"recorded_{name}": value for name, value in (found | {"bound_low": low, "bound_high": high}).items()}


def in_lines(value: object) -> str:
    """JSON with one line a field, lists of numbers and texts on one line each."""
    text = json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False)
    return re.sub(r"\[\n[^\[\]{}]*\]", lambda found: re.sub(r"\s*\n\s*", " ", found[0]), text) + "\n"


def badge(claims: list[dict], scale: str) -> dict:
    """Badge of a paper in the format of a shields.io endpoint: kinds apart, the first two that were judged.

    It is red where a claim is contradicted without an explanation, which fails `check` too.
    """
    counts = verdicts.by_kind(claims)
    said = [
        f"{verdicts.tally(counts[kind.name])} {kind.title}"
        for kind in verdicts.KINDS
        if verdicts.tested(counts[kind.name])
    ]
    shown = verdicts.paper_claims(claims)
    found = {claim["verdict"] for claim in shown}
    if any(claim["verdict"] == "contradicted" and "because" not in claim for claim in shown):
        found.add("unexplained")
    return {
        "schemaVersion": 1,
        "label": f"verifig {scale}",
        "message": ", ".join(said[:2]) or "nothing judged",
        "color": next((colour for verdict, colour in COLOURS.items() if verdict in found), "lightgrey"),
    }
