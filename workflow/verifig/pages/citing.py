"""How a page is cited, what its runs are, and what else there is to read."""

import re
from collections.abc import Iterable, Mapping

from verifig.ground.paths import Layout
from verifig.ground.version import __version__
from verifig.pages import address, places, way_back
from verifig.pages.cards import Block
from verifig.pages.templating import fill
from verifig.planning import rulesets


def block(layout: Layout, ruleset: rulesets.RuleSet) -> Block:
    """For the header: the runs, the page as a notebook, how to cite the paper and the suite, what else there is to read."""
    entries = [paper_entry(slug, work) for slug, work in ruleset.works.items() if not work.context]
    given = {
        "runs": runs(layout),
        "notebook": f"{layout.slug}.ipynb",
        "bibtex": "\n\n".join([*entries, suite_entry()]),
    }
    return Block(fill("cite.html.j2", **given), fill("cite.md.j2", **given))


def runs(layout: Layout) -> str:
    """`Runs of 2026-12-01 on NVIDIA H200, commit 0123abcd, verifig 0.1.0.`, as far as their records say; or nothing."""
    records = way_back.trained(layout)
    days, devices, commits = (
        _each(found)
        for found in (
            map(way_back.date, records),
            (record.get("device_name") for record in records),
            (record.get("commit") for record in records),
        )
    )
    if not days:
        return ""
    span = " to ".join(dict.fromkeys([days[0], days[-1]]))
    commit = f", commit {', '.join(commits)}" if commits else ""
    return f"Runs of {span} on {' and '.join(devices)}{commit}, verifig {__version__}."


def _each(values: Iterable[str | None]) -> list[str]:
    return sorted({value for value in values if value})


def paper_entry(name: str, work: rulesets.Work) -> str:
    """A paper in BibTeX; what kind of publication it is stands in its venue."""
    fields = {
        "title": f"{{{_bibtex(work.title)}}}",
        "author": _bibtex(" and ".join(places.authors(work))),
        "year": places.year(name, work),
        "howpublished": _bibtex(work.venue),
        "url": work.url,
    }
    return _entry("misc", name, fields)


def suite_entry() -> str:
    """This suite in BibTeX, from CITATION.cff."""
    told = address.citation()
    fields = {
        "title": f"{{{_bibtex(told.get('title', 'verifig'))}}}",
        "author": " and ".join(f"{{{author['name']}}}" for author in told.get("authors", [])),
        "year": str(told.get("date-released", ""))[:4],
        "version": __version__,
        "url": address.repository() or "",
    }
    return _entry("software", "verifig", fields)


def _entry(kind: str, name: str, fields: Mapping[str, str]) -> str:
    lines = [f"  {field} = {{{value}}}," for field, value in fields.items() if value]
    return "\n".join([f"@{kind}{{{name},", *lines, "}"])


def _bibtex(text: str) -> str:
    return re.sub(r"([&%#_$])", r"\\\1", text)
