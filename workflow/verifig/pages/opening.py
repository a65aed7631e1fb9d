"""What a page opens with: its first figure, and below it whether the claims on it hold, and by how much."""

from collections.abc import Mapping, Sequence

from verifig.judging import verdicts
from verifig.pages.cards import Block, badge, cell, escape, figure_html, ours
from verifig.pages.typesetting import typeset

MOST = 4  # claims that are told with their numbers


def hero(
    name: str,
    heading: str,
    sources: tuple[str, str],
    alt: str,
    claims: Sequence[Mapping],
    width: int,
    warning: Block,
    small: str = "",
) -> Block:
    """A page's first figure as its opening: the picture, and the verdicts on what it shows, with what decides them.

    Args:
        sources: of the picture, for the page and for code hosts.
        warning: where its runs are not sound.
    """
    picture = figure_html(f"{name}-first", f"{heading}, as opening", sources[0], alt, "", [], width, small=small)
    more = f" and {len(claims) - MOST} more below" if len(claims) > MOST else ""
    told = f'<p class="small"><a href="#{escape(name)}">{escape(heading)}</a>{more}</p>'
    rows = "".join(f"<li>{_verdict(claim)}</li>" for claim in claims[:MOST])
    listed = f'<ul class="held">{rows}</ul>' if rows else ""
    said = "; ".join(f"{c['id']} {verdicts.SYMBOLS[c['verdict']]} {verdicts.word(c)}" for c in claims)
    return Block(
        warning.html + picture + told + listed,
        f"{warning.markdown}![{cell(alt)}]({sources[1]})\n\n*{heading}{': ' + said if said else ''}*",
    )


def _verdict(claim: Mapping) -> str:
    """A claim's verdict and, as far as it was judged, the measurement that decides it."""
    found = f' <span class="small">{typeset(ours(claim))}</span>' if ours(claim) else ""
    return f'<a href="#{escape(claim["id"])}">{escape(claim["id"])}</a> {badge(claim)}{found}'
