"""What the front page and the pages of themes show alike of a paper: its bar, its open claims, where claims stand."""

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from verifig.pages import cards, pictures, places, words
from verifig.planning import rulesets


def given(papers: Sequence[Mapping]) -> dict:
    """Values of a template over these papers, as `site.counted` gives them; their bars have one scale."""
    longest = max((len(paper["shown"]) for paper in papers), default=1)
    return {
        "page": "../{}/page/index.html".format,
        "badge": cards.badge,
        "wording": words.wording,
        "place": lambda paper, claim: places.anywhere(claim, rulesets.load(paper["slug"])),
        "legend": Markup(pictures.bar_legend()),
        "bar": lambda paper, label="": Markup(pictures.bar(paper["shown"], longest, label or paper["title"])),
    }
