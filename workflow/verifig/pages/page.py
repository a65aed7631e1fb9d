"""A paper's page: what `report.py` calls, and how it is rendered to HTML and Markdown.

`report.py` is a jupytext py:percent notebook. Its Markdown cells are the text; a code cell whose last line is one of
the `Page`'s methods contributes what that method returns: HTML for the page, Markdown for code hosts.
"""

import base64
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from pathlib import Path

import pandas as pd
from markdown_it import MarkdownIt
from matplotlib.figure import Figure

from verifig.ground import conditions
from verifig.ground.errors import RunError
from verifig.ground.files import read_json
from verifig.ground.paths import ROOT, Layout
from verifig.ground.yaml_files import read_yaml
from verifig.judging import verdicts
from verifig.measuring import tables
from verifig.pages import (
    cards,
    citing,
    code_lines,
    defaults,
    exploring,
    figures,
    glance,
    handed,
    hardware,
    marked,
    moved,
    notices,
    objecting,
    offered,
    places,
    prose,
    recorded,
    touching,
    units,
    way_back,
)
from verifig.pages.cards import Block
from verifig.pages.exploring import Explorer
from verifig.pages.notices import Absent
from verifig.pages.offered import Offer
from verifig.pages.picture import Picture
from verifig.pages.prose import MISSING
from verifig.pages.recorded import Beside
from verifig.planning import rulesets
from verifig.training.members import merge

__all__ = ["MISSING", "Page"]
_rendered: ContextVar[tuple[Layout, Beside] | None] = ContextVar("rendered", default=None)  # of the page in the making


@contextmanager
def rendering(layout: Layout, beside: Beside | None = None) -> Iterator[None]:
    """Within, a `Page` is that of this layout and draws into its folder; figures `beside` stand below its own."""
    token = _rendered.set((layout, beside or Beside()))
    try:
        yield
    finally:
        _rendered.reset(token)


class Page:
    """The results of one paper at one scale, and the blocks that show them.

    Args:
        slug: the paper. In a notebook the page shows the checkout's results/laptop, and figures go to a temporary
            folder, since the page in results/ is sealed; the report stage says otherwise, by `rendering`.
        layout: of other results, for a notebook that shows those.
    """

    def __init__(self, slug: str, layout: Layout | None = None):
        rendered, self._beside = _rendered.get() or (None, Beside())
        self.layout = layout or Layout(
            *(rendered.results, rendered.scale) if rendered else (ROOT / "results", "laptop"), slug
        )
        self.slug, self.scale = slug, self.layout.scale
        self._rendered = rendered is not None
        self._drawn = self.layout.page / "figures" if rendered else Path(tempfile.mkdtemp(prefix="verifig-"))
        self.ruleset = rulesets.load(slug)
        judged = read_json(self.layout.verdicts)
        self.claims, self.what_if = judged["claims"], judged.get("what_if")
        self.record = recorded.of_page(self.layout)
        recorded.attach(self.claims, slug, self.record)
        if recorded.beside_page(self.layout):
            moved.attach(self.claims, slug)
        units.attach([*self.claims, *(claim["recorded"] for claim in self.claims if "recorded" in claim)], self.ruleset)
        objecting.attach(self.claims, slug, self.scale)
        places.attach(self.claims, self.ruleset)
        self.health: Mapping[str, Sequence[Mapping]] = judged.get("health", {})
        self.statistics = tables.read(self.layout.statistics)
        self.shown: list[str] = []
        self.pictures: dict[str, Picture] = {}
        self.offers: dict[str, list[Offer]] = {}  # by figure, the tables that lie beside the page
        self.kept_texts: dict[str, tuple[str, str]] = {}  # by figure, its texts where those tables do not give them
        self.asked: dict[tuple[str, str, str | None], None] = {}  # experiment, statistic, condition (None: all)
        self._notes: dict[str, str] = {}  # captions by figure that is drawn
        self._back: dict[str, Block] = {}  # by figure, the way back to its data and code
        self._read_off: dict[str, None] = {}  # values of the paper that were asked for, in order
        self.absent: list[Absent] = []
        self.hero: Block | None = None
        unknown = {claim["figure"] for claim in self.claims} - {
            *self.ruleset.figures,
            "controls",
        }  # the section at the end
        if unknown:
            raise RunError(f"claims of {slug} name the unknown figure {sorted(unknown)[0]!r}")

    def figures(self, all_scales: bool = False) -> dict[str, rulesets.Figure]:
        """The configured figures of this scale, by name."""
        chosen = self.ruleset.figures.items()
        return {name: entry for name, entry in chosen if all_scales or self.scale in entry.scales}

    def value(self, experiment: str, statistic: str, condition: Mapping | None = None) -> pd.Series:
        """Values by seed of one statistic (for text and alternatives)."""
        return self._rows(experiment, statistic, condition).set_index("seed")["value"]

    def measured(self, experiment: str, statistic: str) -> pd.DataFrame:
        """The rows of one statistic in all conditions."""
        self.asked.setdefault((experiment, statistic, None))
        rows = self.statistics
        return rows[(rows["experiment"] == experiment) & (rows["statistic"] == statistic)]

    def _rows(self, experiment: str, statistic: str, condition: Mapping | None) -> pd.DataFrame:
        rows, wanted = self.statistics, conditions.condition_text(condition)
        self.asked.setdefault((experiment, statistic, wanted))
        return rows[
            (rows["experiment"] == experiment) & (rows["statistic"] == statistic) & (rows["condition"] == wanted)
        ]

    def number(
        self,
        experiment: str,
        statistic: str,
        condition: Mapping | None = None,
        take: str = "mean",
        percent: bool = False,
        digits: int | None = None,
    ) -> str:
        """Text of one statistic of this run over its units; `MISSING` where it was not computed (see `prose.number`).

        On the page it says which statistic of how many units it is when one points at it (see `marked`).
        `take`: mean, median, min, max, range (`82.1 to 85.3 %`) or count.
        """
        rows = self._rows(experiment, statistic, condition)
        return self._explained(prose.number(rows, take, percent, digits), rows, take, percent)

    def told(
        self,
        text: str,
        experiment: str,
        statistic: str,
        condition: Mapping | None = None,
        take: str = "mean",
        percent: bool = False,
    ) -> str:
        """A text that was formed of one statistic in another way than `number` does; it says so as that does."""
        return self._explained(text, self._rows(experiment, statistic, condition), take, percent)

    def _explained(self, text: str, rows: pd.DataFrame, take: str, percent: bool = False) -> str:
        rows = prose.counting(rows)
        if rows.empty or MISSING in text:
            return text
        unit = marked.unit(self.claims, rows["experiment"].iloc[0], rows["statistic"].iloc[0])
        told = marked.explanation(rows, take, percent, unit)
        points = percent and rows["statistic"].iloc[0] in self.ruleset.points
        return marked.mark(text, told.removesuffix(" %") + " points" if points and told.endswith(" %") else told)

    def settings(self, experiment: str, condition: str | None = None) -> dict:
        """Settings that this run used, those of a condition merged in; the configured ones if it did not run.

        Without `condition` they are as in the job, `conditions` included. A condition that a what-if left out has its
        configured settings.

        Raises:
            RunError: the paper has no such experiment, or neither the run nor the configuration such a condition.
        """
        configured = self._configured(experiment)
        record = self.layout.provenance(experiment)
        used = read_json(record)["job"]["settings"] if record.exists() else configured
        if condition is None:
            return used
        known = (configured.get("conditions") or {"base": {}}) | (used.get("conditions") or {"base": {}})
        if condition not in known:
            raise RunError(f"report.py of {self.slug}: {experiment} has no condition {condition!r}")
        base = {name: value for name, value in used.items() if name != "conditions"}
        return merge(base, known[condition])

    def _configured(self, experiment: str) -> dict:
        """The configured settings at this scale; where the experiment does not run at it, those of a scale where it does."""
        runs = self.ruleset.scales(experiment)
        scales = [scale for scale in (self.scale, "laptop", "paper", "smoke") if scale in runs]
        if not scales:
            raise RunError(f"report.py of {self.slug} names the unknown experiment {experiment!r}")
        return self.ruleset.entry(experiment, scales[0]).settings

    def seeds(self, experiment: str, condition: str | None = None) -> int:
        """Number of seeds that this run used (see `settings`)."""
        return self.settings(experiment, condition)["seeds"]

    def has(self, *curves: str) -> bool:
        """Whether all these tables of curves were made."""
        return all((self.layout.curves / f"{name}.parquet").exists() for name in curves)

    def paper(self, name: str) -> dict:
        """Values read off the paper, from the paper's `values.yaml`: each entry carries its source."""
        self._read_off.setdefault(name)
        return read_yaml(self.ruleset.folder / "values.yaml")[name]

    def text(self, markdown: str) -> Block:
        """A paragraph with numbers that come from files (use `number`, `settings`, `seeds`).

        Sentences that lack a number become one "Not computed here.".
        """
        told = prose.collapse(markdown)
        return Block(MarkdownIt("commonmark").enable("table").render(told), told)

    def header(self) -> Block:
        """Title, papers, the first figure, counts, and a banner if settings were changed."""
        head = cards.header(self.ruleset, self.claims, self.scale, recorded.counts(self.record), self.hero)
        banner = notices.banner(self.what_if)
        return Block(head.html + banner.html, f"{head.markdown}\n\n{banner.markdown}")

    def figure(
        self,
        name: str,
        draw: Callable[..., Figure],
        curves: list[str],
        alt: str | Callable[..., str],
        note: str | Callable[..., str] = "",
    ) -> Block:
        """Our figure and the claims that belong to it.

        Where its data are missing there is no image and no caption, only the claims and a line in the page's folded
        notice. Where runs that it draws are not healthy, a sentence says so. In a what-if the curves of the runs with
        the configured settings are drawn behind in grey, if the workflow's own results are at hand.

        Args:
            name: as in the paper's `figures`.
            draw: called with the named tables of curves, in order.
            curves: tables that the figure needs.
            alt: what the figure shows, for those who cannot see it.
            note: how ours deviates from the paper's, one or two sentences. Both may be functions; they are called
                only when the tables are there, with these as arguments if they take any.
        """
        self.shown.append(name)
        entry, beside = self.figures(all_scales=True)[name], self._beside.blocks.get(name, Block("", ""))
        heading = f"{entry.place}: {entry.title}"
        claims = self._claims_on(name)
        picture, path = Picture(heading, draw, curves, alt, note), self._drawn / f"{name}.svg"
        found = self._draw(name, picture, path)
        back = self._back.get(name, Block("", ""))
        self.pictures[name] = picture if isinstance(found, Absent) else replace(picture, path=path)
        if isinstance(found, Absent):
            if found.why != "scale" or not beside.html:
                self.absent.append(found)
            return Block(
                cards.figure_html(name, heading, None, "", "", claims, beside=beside.html),
                cards.figure_markdown(None, "", "", claims, beside.markdown),
            )
        alt, note = found
        self._notes[name] = note
        warning, linked = notices.unsound(entry, self.health), f"figures/{name}.svg"
        source, width = linked if self._rendered else _inline(path), figures.pixels_wide(path)
        self.hero = self.hero or cards.hero(name, heading, (source, linked), alt, claims, width, warning)
        return Block(
            warning.html + cards.figure_html(name, heading, source, alt, note, claims, width, back.html + beside.html),
            warning.markdown
            + cards.figure_markdown(linked, alt, note, claims, f"{back.markdown}\n\n{beside.markdown}".strip()),
        )

    def explore(self, made: Callable[["Page"], Explorer]) -> Block:
        """A formula that the reader moves by sliders, to stand after the figure that it explains.

        Left out where the settings of a what-if do not allow it.
        """
        try:
            return exploring.block(made(self))
        except Exception:
            if not self.what_if:
                raise
            return Block("", "")

    def _claims_on(self, name: str) -> list[dict]:
        return [claim for claim in self.claims if claim["figure"] == name and claim["kind"] == "claim"]

    def captions(self) -> dict[str, str]:
        """By figure of this scale, what Snakemake's report says of it (see `handed.caption`)."""
        return {
            name: handed.caption(f"{entry.place}: {entry.title}", self._notes.get(name, ""), self._claims_on(name))
            for name, entry in self.figures().items()
        }

    def _draw(self, name: str, picture: Picture, path: Path) -> tuple[str, str] | Absent:
        """Save a figure and return its texts; if that cannot be, say why, and leave an empty picture where one must be."""
        if name not in self.figures():
            return Absent(picture.heading, "scale")
        if not self.has(*picture.curves):
            figures.placeholder(path)
            return Absent(picture.heading, self._why_missing(name))
        frames = self._frames(name, picture.curves)
        self._read_off.clear()
        try:
            (figure, lines), texts = code_lines.drawn(picture.draw, frames), picture.texts(frames)
        except Exception as error:
            if not self.what_if:
                raise
            figures.placeholder(path)
            return Absent(picture.heading, "error", f"{type(error).__name__}: {error}")
        if self._changed(name):
            old = defaults.curves(self.ruleset, self.scale, picture.curves, self._runs(name))
            if old:
                figures.behind(figure, picture.draw, old)
        touching.save(figure, path, texts[0])
        if self._rendered:  # not in a notebook, whose page is that of another run
            runs, read_off, renewable = self._runs(name), self._read_off, not self.what_if
            self.offers[name] = offered.of_figure(name, picture, frames)
            if offered.texts(picture, self.offers[name]) != texts:
                self.kept_texts[name] = texts
            offered.write(self.offers[name], self.layout.page)
            self._back[name] = way_back.of_figure(
                self.layout,
                picture.heading,
                self.offers[name],
                name in self.kept_texts,
                lines,
                runs,
                read_off,
                renewable,
            )
        return texts

    def _frames(self, name: str, curves: Sequence[str]) -> list[pd.DataFrame]:
        """The tables that a figure draws."""
        return [tables.read(self.layout.curves / f"{table}.parquet") for table in curves]

    def _runs(self, name: str) -> list[str]:
        """Experiments whose runs a figure draws, as far as the configuration says."""
        return list(self.ruleset.figures[name].experiments)

    def _changed(self, name: str) -> bool:
        """Whether settings of a run that the figure draws were changed."""
        changed = (self.what_if or {}).get("changed", {})
        return bool(changed) and (not self._runs(name) or any(run in changed for run in self._runs(name)))

    def _missing_data(self) -> dict[str, list[str]]:
        """By experiment that could not run, the data files that it lacks."""
        record = self.layout.provenance("judge")
        lacking = read_json(record)["job"]["missing_data"] if record.exists() else {}
        known = self.ruleset.downloads
        return {name: found for name, files in lacking.items() if (found := [file for file in files if file in known])}

    def _why_missing(self, name: str) -> str:
        lacking, runs = self._missing_data(), self._runs(name)
        return "data" if (set(runs) & set(lacking) if runs else lacking) else "runs"

    def notice(self) -> Block:
        """One folded notice for all figures that are not shown; the report stage puts it below the header."""
        files = sorted({file for files in self._missing_data().values() for file in files})
        known = self.ruleset.downloads
        there = {path.name.split(".")[0] for path in self.layout.folder.glob("*.provenance.json")}
        left_out = [name for name in self.ruleset.experiments(self.scale) if name not in there]
        return notices.not_shown(
            self.absent, self.slug, self.scale, [Path(known[file].file).name for file in files], left_out
        )

    def controls(self) -> Block:
        """Oracles and controls, counted and shown apart from the paper's claims."""
        chosen = [claim for claim in self.claims if claim["kind"] != "claim"]
        return glance.control_table(chosen)

    def deviations(self) -> Block:
        """What differs from the paper with the configured settings: what, why, what it may change."""
        table = cards.deviations([item for item in self.ruleset.deviations if self.scale in item.scales])
        if not (self.what_if or {}).get("changed"):
            return table
        said = "With the configured settings; what was changed stands at the top."
        return Block(f"<p>{said}</p>{table.html}", f"{said}\n\n{table.markdown}")

    def provenance(self) -> Block:
        """Hardware, cost (coarsely) and versions, from the records beside the artifacts."""
        return hardware.runs(self.layout, self.ruleset)

    def opening(self) -> list[Block]:
        """What every page begins with: its header, how to cite it, its claims at a glance, and what it cannot show."""
        return [self.header(), citing.block(self.layout, self.ruleset), self.summary(), self.notice()]

    def closing(self) -> list[Block]:
        """What every page ends with: controls, deviations, provenance, and the paper scale."""
        controls = f"{self.ruleset.controls} They are counted apart from the paper's claims."
        sections = [
            ("Controls and oracles", [_rendered_text(controls), self.controls()]),
            ("Deviations from the paper", [self.deviations()]),
            ("Hardware, cost and provenance", [self.provenance()]),
            (
                "Paper scale",
                [_rendered_text(self.ruleset.paper_scale), recorded.runs(self.record, self._beside.sentences)],
            ),
        ]
        return [block for title, blocks in sections for block in (_rendered_text(f"## {title}"), *blocks)]

    def finish(self) -> None:
        """Check that every claim was shown.

        Raises:
            RunError: a claim belongs to a figure that the report does not show.
        """
        lost = [claim["id"] for claim in self.claims if claim["kind"] == "claim" and claim["figure"] not in self.shown]
        if lost:
            raise RunError(f"report.py of {self.slug} does not show the figure of {', '.join(lost)}")
        if undrawn := sorted(set(self.figures()) - set(self.shown)):
            raise RunError(f"report.py of {self.slug} does not draw the figure {undrawn[0]!r}")

    def summary(self) -> Block:
        """The verdict table: every claim on one line, linked to its card."""
        return glance.verdict_table(verdicts.paper_claims(self.claims))


def _rendered_text(markdown: str) -> Block:
    return Block(MarkdownIt("commonmark").render(markdown), markdown)


def _inline(path: Path) -> str:
    """A picture as part of the page, for notebooks, whose pictures lie in a temporary folder."""
    return f"data:image/svg+xml;base64,{base64.b64encode(path.read_bytes()).decode()}"
