"""The front page over all rule sets, and all verdicts as data: results/<scale>/site/."""

import base64
import csv
import io
from collections.abc import Callable
from pathlib import Path

from verifig import __version__, cards, numbers, render, rulesets, verdicts
from verifig.files import read_json, write_json, write_text
from verifig.paths import Layout

COLOURS = {"reproduced": "brightgreen", "contradicted": "red", "inconclusive": "yellow"}


def build(results: Path, scale: str, slugs: list[str], log: Callable[[str], None] = print) -> None:
    """Write index.html, verdicts.json, verdicts.csv and a badge a rule set from what the workflow made."""
    folder = results / scale / "site"
    papers = [_paper(Layout(results, scale, slug)) for slug in slugs]
    write_json(
        folder / "verdicts.json",
        {"schema": 1, "verifig": __version__, "scale": scale, "rule_sets": [_data(p) for p in papers]},
    )
    write_text(folder / "verdicts.csv", _csv(papers))
    for paper in papers:
        write_json(folder / "badges" / f"{paper['slug']}.json", badge(paper["claims"], scale))
    open_claims = [
        {"slug": paper["slug"], "words": verdicts.wording(claim, scale)} | claim
        for paper in papers
        for claim in verdicts.paper_claims(paper["claims"])
        if claim["verdict"] in ("contradicted", "inconclusive")
    ]
    page = render.template(
        "index.html.j2",
        scale=scale,
        version=__version__,
        papers=papers,
        totals=_totals(papers),
        open_claims=open_claims,
        order=verdicts.ORDER,
        badge=cards.badge,
        ours=_ours,
    )
    write_text(folder / "index.html", page)
    log(f"front page over {len(papers)} rule sets, {sum(len(p['claims']) for p in papers)} claims")


def _paper(layout: Layout) -> dict:
    """What the front page shows of one rule set."""
    claims = read_json(layout.verdicts)["claims"]
    records = [read_json(path) for path in sorted(layout.folder.glob("*.provenance.json"))]
    trained = [record for record in records if record["job"]["stage"] == "train"]
    ruleset = rulesets.load(layout.slug)
    thumbnail = next(
        (
            layout.page / "figures" / f"{name}.svg"
            for name in ruleset.config["figures"]
            if (layout.page / "figures" / f"{name}.svg").exists()
        ),
        None,
    )
    behave, tested = verdicts.controls(claims)
    return {
        "slug": layout.slug,
        "title": ruleset.config["title"],
        "summary": ruleset.config["summary"],
        "papers": [entry for entry in ruleset.config["papers"].values() if not entry.get("context")],
        "claims": claims,
        "shown": verdicts.paper_claims(claims),
        "counts": verdicts.counts(claims),
        "sentence": verdicts.summary(claims, layout.scale),
        "controls": f"{behave} of {tested}",
        "seconds": sum(record["cpu_seconds"] for record in trained),
        "cost": numbers.seconds(sum(record["cpu_seconds"] for record in trained)),
        "hardware": sorted({record["device_name"] for record in trained}),
        "thumbnail": base64.b64encode(thumbnail.read_bytes()).decode() if thumbnail else None,
    }


def _totals(papers: list[dict]) -> dict:
    """Sums for the header; kinds of claims stay apart in the sentences of each paper."""
    every = [claim for paper in papers for claim in paper["claims"]]
    behave, tested = verdicts.controls(every)
    random = sum(claim["p_bound"] is not None for claim in verdicts.paper_claims(every))
    return {
        "counts": verdicts.counts(every),
        "controls": f"{behave} of {tested}",
        "cost": numbers.seconds(sum(paper["seconds"] for paper in papers)),
        "hardware": sorted({name for paper in papers for name in paper["hardware"]}),
        "random": random,
        "chance": numbers.text(round(0.025 * random, 1)),
    }


def _ours(claim: dict) -> str:
    """Our first value with its interval, for the table of all claims."""
    if not claim["parts"]:
        return ""
    part = claim["parts"][0]
    more = f" (+{len(claim['parts']) - 1})" if len(claim["parts"]) > 1 else ""
    return cards.part_value(part) + cards.part_interval(part) + more


def _data(paper: dict) -> dict:
    return {"slug": paper["slug"], "title": paper["title"], "counts": paper["counts"], "claims": paper["claims"]}


def _csv(papers: list[dict]) -> str:
    """One row a part of a claim."""
    columns = ("estimator", "relation", "observed", "low", "high", "n")
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(
        [
            "rule_set",
            "claim",
            "kind",
            "basis",
            "setting",
            "place",
            "verdict",
            "part",
            "part_verdict",
            *columns,
            "bound_low",
            "bound_high",
        ]
    )
    for paper in papers:
        for claim in paper["claims"]:
            first = [
                paper["slug"],
                claim["id"],
                claim["kind"],
                claim["basis"],
                claim["setting"],
                claim["place"],
                claim["verdict"],
            ]
            for part in claim["parts"] or [None]:
                if part is None:
                    writer.writerow(first + [""] * (len(columns) + 4))
                else:
                    writer.writerow(
                        [
                            *first,
                            part.get("label", part["statistic"]),
                            part["verdict"],
                            *(part[c] for c in columns),
                            *part["bounds"],
                        ]
                    )
    return stream.getvalue()


def badge(claims: list[dict], scale: str) -> dict:
    """Badge of a rule set in the format of a shields.io endpoint."""
    counts = verdicts.counts(claims)
    tested = sum(counts[v] for v in ("reproduced", "contradicted", "inconclusive"))
    worst = next((v for v in ("contradicted", "inconclusive", "reproduced") if counts[v]), "inconclusive")
    return {
        "schemaVersion": 1,
        "label": f"verifig {scale}",
        "message": f"{counts['reproduced']} of {tested} reproduced",
        "color": COLOURS[worst],
    }
