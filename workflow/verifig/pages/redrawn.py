"""Figures at paper scale from the tables that `verifig record` keeps: the same report, drawn from them.

The report runs once more, over a results folder into which the record is laid out, so that every function that draws a
figure and every caption speaks of the recorded runs. What then cannot be drawn is named, and nothing fails.
"""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from verifig.ground.files import write_json
from verifig.ground.paths import Layout
from verifig.judging.recorded import Record
from verifig.measuring import tables
from verifig.pages import cards, figures, narrow, notices, page, render
from verifig.pages.cards import Block
from verifig.pages.picture import Picture
from verifig.pages.recorded import Beside, of_page, told
from verifig.planning import rulesets


def lay_out(record: Record, frames: Mapping[str, pd.DataFrame], results: Path) -> Layout:
    """A results folder that holds what a page reads: the record's verdicts, and tables by their recorded names."""
    layout = Layout(results, record.scale, record.slug)
    layout.folder.mkdir(parents=True)
    what_if = {"changed": {}, "left_out": record.not_covered}  # also if nothing is: the page forgives what is missing
    health = record.contents.get("health", {})
    write_json(layout.verdicts, {"claims": record.claims, "what_if": what_if, "health": health})
    empty = tables.Tables().statistics()
    for name, frame in ({"statistics.parquet": empty} | dict(frames)).items():
        tables.write(layout.folder / name, frame)
    return layout


def pictures(layout: Layout) -> tuple[dict[str, Picture], list[str]]:
    """Run the paper's report over a folder: its figures by name, drawn where that could be, and what failed."""
    failed: list[str] = []
    with page.rendering(layout):
        _, names = render.execute(rulesets.load(layout.slug).folder / "report.py", failed)
    found = names.get("page")
    if not isinstance(found, page.Page):
        return {}, failed
    return found.pictures, failed + [f"{item.heading} ({item.detail})" for item in found.absent if item.detail]


def worth_drawing(slug: str) -> dict[str, bool]:
    """By figure of the paper scale, whether it draws a run with other settings than the laptop's, as far as is known."""
    ruleset = rulesets.load(slug)
    return {
        name: not (entry.experiments or entry.published) or any(_differs(ruleset, each) for each in entry.experiments)
        for name, entry in ruleset.figures.items()
        if "paper" in entry.scales
    }


def _differs(ruleset: rulesets.RuleSet, experiment: str) -> bool:
    scales = ("laptop", "paper")
    if not set(scales) <= set(ruleset.scales(experiment)):
        return True
    laptop, paper = (rulesets.settings(ruleset, experiment, scale) for scale in scales)
    return laptop != paper


def beside(layout: Layout) -> Beside:
    """The recorded figures that stand beside those of a page (see `recorded.of_page`), saved among its pictures.

    Raises:
        InputError: the record or one of its tables is missing or damaged.
    """
    record = of_page(layout)
    if record is None:
        return Beside()
    ruleset, worth, frames = rulesets.load(record.slug), worth_drawing(record.slug), record.frames()
    blocks, lines = _drawn(record, frames, worth, layout.page / "figures") if frames else ({}, [])
    equal = [ruleset.figures[name] for name, differs in worth.items() if not differs]
    if twice := [entry for entry in equal if set(entry.experiments) <= set(record.runs)]:
        named = "; ".join(f"{entry.place}: {entry.title}" for entry in twice)
        lines.append(f"Not drawn twice, because their runs have the same settings at both scales: {named}.")
    return Beside(blocks, lines)


def _drawn(
    record: Record, frames: Mapping[str, pd.DataFrame], worth: Mapping[str, bool], folder: Path
) -> tuple[dict[str, Block], list[str]]:
    """The figures that recorded tables give, their pictures saved in a folder, and what is to be said of the others."""
    blocks, changed, ruleset = {}, [], rulesets.load(record.slug)
    with tempfile.TemporaryDirectory(prefix="verifig-") as temporary:
        found, failed = pictures(lay_out(record, frames, Path(temporary)))
        for name, picture in found.items():
            used = ruleset.figures[name].experiments
            if picture.path is None or not worth.get(name):
                continue
            if record.other_settings & set(used or record.runs):
                changed.append(picture.heading)
                continue
            folder.mkdir(parents=True, exist_ok=True)
            saved = folder / f"{name}_paper.svg"
            shutil.copyfile(picture.path, saved)
            if (small := narrow.beside(picture.path)).exists():
                shutil.copyfile(small, narrow.beside(saved))
            texts = picture.texts([frames[f"curves/{table}.parquet"] for table in picture.curves])
            warning = notices.unsound(ruleset.figures[name], record.contents["health"])
            beside = bool(set(used or ruleset.experiments("laptop")) & set(ruleset.experiments("laptop")))
            blocks[name] = _block(name, picture, texts, told(record, used), warning, beside)
    lines = [f"From the record could not be drawn: {'; '.join(failed)}."] if failed else []
    if changed:
        lines.append(f"Not drawn, because settings have changed since: {'; '.join(changed)}.")
    return blocks, lines


def _block(name: str, picture: Picture, texts: tuple[str, str], where: str, warning: Block, beside: bool) -> Block:
    """A recorded figure below a heading that says whose it is; behind a line where it stands `beside` one of this run."""
    title, source = where[0].upper() + where[1:], f"figures/{name}_paper.svg"
    width, small = figures.pixels_wide(picture.path), ""
    if narrow.beside(picture.path).exists():
        small = narrow.beside(Path(source)).as_posix()
    heading = f"{picture.heading}, {where}"
    folded = "Show the figure at paper scale" if beside else ""
    shown = cards.figure_html(f"{name}-paper", heading, source, *texts, [], width, folded=folded, small=small)
    markdown = cards.figure_markdown(source, *texts, [])
    return Block(
        f"<h3>{cards.escape(title)}</h3>{warning.html}{shown}", f"#### {title}\n\n{warning.markdown}{markdown}"
    )
