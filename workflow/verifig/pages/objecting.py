"""A text with which a reader can disagree with a verdict: an issue that names the claim, its verdict and its measurement."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from verifig.ground.version import __version__
from verifig.judging import verdicts
from verifig.pages import address, words

ASKED = "What I measured, in which setting:\n\n\nWhy the verdict, the bound or the measurement is wrong:\n"


@dataclass(frozen=True)
class Issue:
    """Title and text of an issue, and the address at which to file it; None as long as none is known."""

    title: str
    body: str
    address: str | None


def attach(claims: Sequence[dict], slug: str, scale: str) -> None:
    """Add to each judged claim as `objection` the issue to file against its verdict."""
    for claim in claims:
        if claim["verdict"] != "not tested":
            claim["objection"] = issue(claim, slug, scale)


def issue(claim: Mapping, slug: str, scale: str) -> Issue:
    """The issue against one verdict, for the reader to complete."""
    name, verdict = f"{slug}/{claim['id']}", verdicts.word(claim)
    lines = [
        f"Claim: {name} ({claim['place']}), {scale} scale, verifig {__version__}",
        f"Statement: {' '.join(claim['statement'].split())}",
        f"Verdict: {verdict}",
    ]
    if part := verdicts.deciding(claim):
        measured = f"{words.value(part)} {words.certainty(part)}".strip()
        lines.append(f"Measured: {verdicts.name_of(part)}: {measured}; bound {words.bounds(part)}")
    title, body = f'{name}: not "{verdict}"?', "\n".join([*lines, "", ASKED])
    return Issue(title, body, address.new_issue(title, body))
