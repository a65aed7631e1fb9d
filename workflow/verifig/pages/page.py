"""A paper's page: what `report.py` calls, and how it is rendered to HTML and Markdown.

`report.py` is a jupytext py:percent notebook. Its Markdown cells are the text; a code cell whose last line is one of
the `Page`'s methods contributes what that method returns: HTML for the page, Markdown for code hosts.
"""

import base64
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from pathlib import Path

from markdown_it import MarkdownIt
from matplotlib.figure import Figure

from verifig.ground.errors import RunError
from verifig.ground.paths import ROOT, Layout
from verifig.judging import verdicts
from verifig.pages import (
    cards,
    citing,
    exploring,
    figures,
    glance,
    handed,
    hardware,
    legible,
    narrow,
    notices,
    opening,
    prose,
    recorded,
)
from verifig.pages.cards import Block
from verifig.pages.drawing import Drawing
from verifig.pages.exploring import Explorer
from verifig.pages.notices import Absent
from verifig.pages.picture import Picture
from verifig.pages.prose import MISSING
from verifig.pages.recorded import Beside

__all__ = ["MISSING", "Page"]
PAPER_SCALE = "What the paper scale needs, and how to run it"
_rendered: ContextVar[tuple[Layout, Beside] | None] = ContextVar("rendered", default=None)  # of the page in the making


@contextmanager
def rendering(layout: Layout, beside: Beside | None = None) -> Iterator[None]:
    """Within, a `Page` is that of this layout and draws into its folder; figures `beside` stand below its own."""
    token = _rendered.set((layout, beside or Beside()))
    try:
        yield
    finally:
        _rendered.reset(token)


class Page(Drawing):
    """The results of one paper at one scale, and the blocks that show them.

    Args:
        slug: the paper. In a notebook the page shows the checkout's results/laptop, and figures go to a temporary
            folder, since the page in results/ is sealed; the report stage says otherwise, by `rendering`.
        layout: of other results, for a notebook that shows those.
    """

    def __init__(self, slug: str, layout: Layout | None = None):
        rendered, self._beside = _rendered.get() or (None, Beside())
        super().__init__(
            layout or Layout(*(rendered.results, rendered.scale) if rendered else (ROOT / "results", "laptop"), slug),
            rendered is not None,
        )
        self.shown: list[str] = []
        self._notes: dict[str, str] = {}  # captions by figure that is drawn
        self.absent: list[Absent] = []
        self.hero: Block | None = None

    def text(self, markdown: str, folded: str = "") -> Block:
        """A paragraph with numbers that come from files (use `number`, `settings`, `seeds`).

        Sentences that lack a number become one "Not computed here.". With `folded`, a line that says what is inside,
        the rest stands behind it.
        """
        told = prose.collapse(markdown)
        block = Block(MarkdownIt("commonmark").enable("table").render(told), told)
        return notices.folded(folded, block) if folded and told.strip() else block

    def header(self) -> Block:
        """Title, papers, the first figure, counts, and a banner if settings were changed."""
        head = cards.header(
            self.ruleset,
            self.claims,
            self.scale,
            recorded.counts(self.record),
            self.hero,
            self._convention(),
            recorded.bar(self.record),
        )
        banner = notices.banner(self.what_if)
        return Block(head.html + banner.html, f"{head.markdown}\n\n{banner.markdown}")

    def _convention(self, name: str = "") -> str:
        """What lines and bands are, where some figure, or a named one, does not say it because most are alike."""
        followed = name in self._conventional if name else bool(self._conventional)
        return legible.CONVENTION_TOLD if followed else ""

    def figure(
        self,
        name: str,
        draw: Callable[..., Figure],
        curves: list[str],
        alt: str | Callable[..., str],
        note: str | Callable[..., str] = "",
        folded: str = "",
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
            folded: for a secondary figure, the line behind which it stands; its claims stay in sight. The figure that
                opens the page is not shown twice.
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
        small = f"figures/{narrow.beside(path).name}" if self._rendered and narrow.beside(path).exists() else ""
        if self.hero is None:
            self.hero = opening.hero(name, heading, (source, linked), alt, claims, width, warning, small)
            folded = "Show the figure that opens this page again"
        elif not folded and not beside.html and verdicts.untested(claims):
            folded = "Show the figure: what it shows is not tested at this scale"
        below = back.html + beside.html
        return Block(
            warning.html + cards.figure_html(name, heading, source, alt, note, claims, width, below, folded, small),
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
            name: handed.caption(f"{entry.place}: {entry.title}", self._told(name), self._claims_on(name))
            for name, entry in self.figures().items()
        }

    def _told(self, name: str) -> str:
        return " ".join(filter(None, [self._notes.get(name, ""), self._convention(name)]))

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
        whose, source = ("other", "papers") if self.ruleset.own else ("paper's", "paper")
        controls = f"{self.ruleset.controls} They are counted apart from the {whose} claims."
        sections = [
            ("Controls and oracles", [_rendered_text(controls), self.controls()]),
            (f"Deviations from the {source}", [self.deviations()]),
            ("Hardware, cost and provenance", [self.provenance()]),
            (
                "Paper scale",
                [
                    notices.folded(PAPER_SCALE, _rendered_text(self.ruleset.paper_scale)),
                    recorded.runs(self.record, self._beside.sentences),
                ],
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
