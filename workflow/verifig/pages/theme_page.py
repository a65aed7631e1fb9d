"""The page of a theme: its papers side by side, and what they say together."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from verifig.ground.version import __version__
from verifig.pages import overview, recorded, templating, tiles
from verifig.planning import rulesets, themes
from verifig.planning.themes import Theme


def pages(papers: Sequence[Mapping], scale: str) -> dict[str, str]:
    """The pages of all themes of these papers, by file name; each leads to those before and after it.

    Args:
        papers: what the site shows of each (see `site.counted`).

    Raises:
        InputError: the text of a theme names an unknown claim, or a number in it was written by hand.
    """
    by_slug = {paper["slug"]: paper for paper in papers}
    grouped = themes.by_theme(by_slug)
    around = [None, *grouped, None]
    return {
        f"{theme.name}.html": page(theme, [by_slug[slug] for slug in grouped[theme]], scale, before, after)
        for (before, theme), after in zip(pairwise(around[:-1]), around[2:], strict=True)
    }


def page(theme: Theme, papers: Sequence[Mapping], scale: str, before: Theme | None, after: Theme | None) -> str:
    """The page of one theme, as HTML."""
    return templating.fill(
        "theme.html.j2",
        theme=theme,
        papers=papers,
        counted=counted(papers),
        scale=scale,
        version=__version__,
        before=before,
        after=after,
        overview=overview.render(theme, {paper["slug"]: paper for paper in papers}),
        recorded_on=lambda paper: recorded.told(paper["recorded"]["record"]),
        **tiles.given(papers),
    )


def counted(papers: Sequence[Mapping]) -> str:
    """How many papers there are, and experiments of this suite beside them: `5 papers and an experiment of ours`."""
    own = sum(rulesets.load(paper["slug"]).own for paper in papers)
    several = len(papers) - own
    told = ["one paper" if several == 1 else f"{several} papers"] if several else []
    told += ["an experiment of ours" if own == 1 else f"{own} experiments of ours"] if own else []
    return " and ".join(told)
