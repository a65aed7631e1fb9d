"""Themes: what their papers share is a phenomenon; the front page, lists and targets group by them."""

import functools
from collections.abc import Iterable
from dataclasses import dataclass

from verifig.ground import paths, schema
from verifig.ground.errors import InputError
from verifig.ground.spelling import did_you_mean
from verifig.ground.yaml_files import read_yaml


@dataclass(frozen=True)
class Theme:
    """A theme: `replications/<name>/theme.yaml`."""

    name: str
    title: str
    summary: str
    papers: tuple[str, ...]


@functools.cache
def load() -> dict[str, Theme]:
    """All themes by name, each with its papers in the order that it gives.

    Raises:
        InputError: a theme that its schema refuses, or whose papers are not those in its folder.
    """
    found = {}
    for path in sorted(paths.REPLICATIONS.glob("*/theme.yaml")):
        contents, where = read_yaml(path), paths.name_in_suite(path)
        schema.validate(contents, read_yaml(paths.SCHEMAS / "theme.schema.yaml"), where)
        there = {each.parent.name for each in path.parent.glob("*/paper.yaml")}
        if there != set(contents["papers"]):
            different = sorted(there ^ set(contents["papers"]))[0]
            raise InputError(f"{where}: papers must be the folders beside it that hold a paper.yaml: see {different}")
        name = path.parent.name
        found[name] = Theme(name, contents["title"], contents["summary"], tuple(contents["papers"]))
    return found


def papers() -> list[str]:
    """All papers, in the order of the themes and of each theme's own."""
    return [paper for theme in load().values() for paper in theme.papers]


def expand(names: Iterable[str]) -> list[str]:
    """Papers of a list of papers and themes, each once; of an empty list all.

    Raises:
        InputError: a name that is neither.
    """
    result: list[str] = []
    for name in names:
        if name not in load() and name not in papers():
            known = [*load(), *papers()]
            meant = did_you_mean(name, known)
            raise InputError(f"unknown paper or theme {name!r}{meant}: choose from {', '.join(known)}")
        result += load()[name].papers if name in load() else [name]
    return list(dict.fromkeys(result)) or papers()


def by_theme(slugs: Iterable[str]) -> dict[Theme, list[str]]:
    """Some papers, grouped by theme; themes with none of them are left out."""
    chosen = set(slugs)
    grouped = {theme: [paper for paper in theme.papers if paper in chosen] for theme in load().values()}
    return {theme: found for theme, found in grouped.items() if found}
