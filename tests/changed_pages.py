"""Pages of runs with changed settings at a tiny size, and the words that they say of themselves."""

import hashlib
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import jupytext
import numpy as np
from matplotlib.ticker import FixedFormatter

from verifig.ground import paths
from verifig.ground.files import write_text
from verifig.ground.paths import Layout
from verifig.pages import figures, notices, page, touching
from verifig.planning import jobs, rulesets, whatif
from verifig.running import alone
from verifig.running.stages.train import train
from verifig.training import data

SCALE = "laptop"
SEEDS = 2
IMAGES = {"sarnthein2023": 5000}  # its split takes 500 of each class
Change = int | float | str | list | Callable[[object], object]


@dataclass
class Rendered:
    """One page and what was said on it, by source."""

    html: str
    markdown: str
    what_if: Mapping | None
    said: dict[str, list[str]] = field(default_factory=dict)  # figure texts, captions, alternatives, sentences

    def texts(self) -> list[tuple[str, str]]:
        return [(source, text) for source, texts in self.said.items() for text in texts]


def overrides(slug: str, experiment: str, changes: Mapping[str, Change]) -> dict[str, object]:
    """Every named setting of an experiment and of its conditions, changed; `experiment.setting` beats `setting`."""
    known = rulesets.load(slug).entry(experiment, SCALE).settings
    result = {}
    for name, value in sorted(changes.items(), key=lambda change: "." in change[0]):
        setting = name.rpartition(".")[2]
        if "." in name and name.partition(".")[0] != experiment:
            continue
        conditions = known.get("conditions") or {"base": {}}
        if setting in known and not all(setting in own for own in conditions.values()):  # else nothing would use it
            result[setting] = _apply(value, known[setting])
        for condition, own in conditions.items():
            if setting in own:
                result[f"conditions.{condition}.{setting}"] = _apply(value, own[setting])
    return result


def _apply(change: Change, value: object) -> object:
    return change(value) if callable(change) else change


def render(slug: str, changes: Mapping[str, Change], folder: Path, monkeypatch) -> Rendered:
    """Train every experiment of the laptop scale that has its data (of downloads: none), measure, judge and report."""
    layout = Layout(folder, SCALE, slug)
    with _few_images(monkeypatch, IMAGES.get(slug, 400)):
        return _rendered(slug, changes, layout, folder, monkeypatch)


def planned(slug: str, changes: Mapping[str, Change], folder: Path) -> tuple[dict[str, dict], dict[str, list[str]]]:
    """The training jobs of a changed run, and what lacks its data (see `jobs.training`); seeds are two."""
    own = {name: overrides(slug, name, changes) for name in rulesets.load(slug).experiments(SCALE)}
    return jobs.training(slug, SCALE, own, "cpu", SEEDS, data_dir=folder / "no data")


def what_if(slug: str, changes: Mapping[str, Change], folder: Path) -> Mapping:
    """How a changed run differs from the configured one; nothing is trained."""
    return whatif.describe(slug, SCALE, *planned(slug, changes, folder))


def _rendered(slug: str, changes: Mapping[str, Change], layout: Layout, folder: Path, monkeypatch) -> Rendered:
    train_jobs, missing = planned(slug, changes, folder)
    for name, job in train_jobs.items():
        train(job, layout.artifact(name), layout.provenance(name), layout.checkpoint(name), log=lambda text: None)
    said = _listen(monkeypatch)
    alone.finish(slug, SCALE, train_jobs, layout, "report", missing)
    html = (layout.page / "index.html").read_text(encoding="utf-8")
    markdown = (layout.page / "README.md").read_text(encoding="utf-8")
    return Rendered(html, markdown, whatif.describe(slug, SCALE, train_jobs, missing), said)


@contextmanager
def _few_images(monkeypatch, count: int) -> Iterator[None]:
    """In place of the embedded data sets, which take seconds to read; programs hold the function that reads them."""
    module = ModuleType("few_images")
    monkeypatch.setitem(sys.modules, "few_images", module)
    for name, pixels in (("mnist_5k", 784), ("digits", 64)):
        images, labels = np.random.default_rng(0).random((count, pixels)), np.arange(count) % 10
        setattr(module, name, lambda images=images, labels=labels: (images, labels))
        digest = hashlib.sha256(images.tobytes() + labels.tobytes()).hexdigest()
        monkeypatch.setitem(data.EMBEDDED, name, digest)
        monkeypatch.setitem(data.SOURCES, name, ("few_images", name, {}, 1.0))
    data.embedded.cache_clear()
    try:
        yield
    finally:
        data.embedded.cache_clear()


def _listen(monkeypatch) -> dict[str, list[str]]:
    """Note what is drawn and written from now on."""
    said: dict[str, list[str]] = {"figure": [], "alt": [], "caption": [], "text": []}
    text, figure_html = page.Page.text, page.cards.figure_html

    def listen_save(figure, path, title):
        if title != notices.PLACEHOLDER:
            said["figure"] += figure_texts(figure)
            said["alt"].append(title)
        figures.plt.close(figure)
        write_text(path, f'<svg width="1pt"><title>{title}</title></svg>')  # laying out and drawing takes seconds

    def listen_text(self, markdown, folded=""):
        block = text(self, markdown, folded)
        said["text"].append(block.markdown)
        return block

    def listen_figure(name, heading, source, alt, note, *more, **options):
        said["caption"].append(note)
        return figure_html(name, heading, source, alt, note, *more, **options)

    for module in (figures, touching):
        monkeypatch.setattr(module, "save", listen_save)
    monkeypatch.setattr(page.Page, "_draw_narrow", lambda *given: None)  # the same once more
    monkeypatch.setattr(page.Page, "text", listen_text)
    monkeypatch.setattr(page.cards, "figure_html", listen_figure)
    return said


def figure_texts(figure) -> list[str]:
    """Titles, labels, legends, notes and names of ticks of a figure; not the numbers on its axes."""
    found = [text.get_text() for text in figure.texts]
    legends = [*figure.legends, *(axes.get_legend() for axes in figure.axes)]
    found += [text.get_text() for legend in legends if legend is not None for text in legend.get_texts()]
    for axes in figure.axes:
        found += [axes.get_title(place) for place in ("left", "center", "right")]
        heights = [text for each in axes.collections for text in getattr(each, "labelTexts", [])]  # of contours
        found += [axes.get_xlabel(), axes.get_ylabel()]
        found += [text.get_text() for text in axes.texts if text not in heights]
        for axis in (axes.xaxis, axes.yaxis):
            if isinstance(axis.get_major_formatter(), FixedFormatter):
                found += [str(label) for label in axis.get_major_formatter().seq]
    return [text for text in found if text]


def forbidden(slug: str, what_if: Mapping) -> set[str]:
    """Texts of settings that this run does not have: the configured values of what was changed, as people write them."""
    used, configured = set(), set()
    for changed in what_if["changed"].values():
        for name, (default, value) in changed.items():
            seeds = name.endswith("seeds")
            configured |= forms(default, seeds)
            used |= forms(value, seeds)
    ruleset = rulesets.load(slug)
    for name in what_if["changed"]:  # what stays as configured may be told
        own = ruleset.entry(name, SCALE).settings
        for setting, value in own.items():
            if setting != "conditions" and setting not in what_if["changed"][name]:
                used |= forms(value, setting == "seeds")
    return configured - used


def forms(value: object, seeds: bool = False) -> set[str]:
    """How a setting may be written: `2000`, `2,000`, `0.8`, `80 %`; numbers below 10 say nothing by themselves."""
    if isinstance(value, list):
        return set().union(*(forms(item) for item in value)) if value else set()
    if isinstance(value, bool) or not isinstance(value, int | float):
        return set()
    if seeds:
        words = ("", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
        return {f"{value} seeds"} | ({f"{words[value]} seeds"} if value < len(words) else set())
    if float(value).is_integer():
        return {f"{value:.0f}", f"{value:,.0f}"} if value >= 10 else set()
    return {f"{value:g}"} | ({f"{100 * value:g} %"} if 0.05 <= value < 1 else set())


def literals(text: str, words: set[str]) -> list[str]:
    """Which of the words stand in a text, as whole numbers; `100` does not stand in `100 %`."""
    return [
        word
        for word in sorted(words)
        if re.search(rf"(?<![\w.,−]){re.escape(word)}(?!\w|[.,]\d|\s?%)", text, re.IGNORECASE)
    ]


ATTRIBUTED = re.compile(r"paper|author|published|replication|notebook|third party|public|et al|theorem", re.IGNORECASE)


def static_paragraphs(slug: str) -> list[str]:
    """Paragraphs and list items of a report's Markdown cells that do not speak of a paper."""
    notebook = jupytext.read(paths.ruleset_dir(slug) / "report.py", fmt="py:percent")
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    blocks = [block for cell in cells for block in re.split(r"\n\s*\n|\n(?=[-#])", cell)]
    titles = [figure.title for figure in rulesets.load(slug).figures.values()]
    return [block for block in blocks if block.strip() and not ATTRIBUTED.search(block)] + titles
