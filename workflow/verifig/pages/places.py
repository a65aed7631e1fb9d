"""Where a claim stands: its paper by a short name, and the place in it, so that no `Figure 1` is without its paper."""

import re
from collections.abc import Mapping, Sequence

from verifig.planning.rulesets import RuleSet, Work


def year(name: str, work: Work) -> str:
    """Year of a work, from its venue or else from its key; empty where neither has one."""
    found = re.search(r"\b(?:19|20)\d\d\b", work.venue) or re.search(r"\d{4}$", name)
    return found[0] if found else ""


def authors(work: Work) -> list[str]:
    """Its authors, one a name; the last may be `... et al.`."""
    return re.split(r",\s+(?!et al)", work.authors)


def short_name(name: str, work: Work) -> str:
    """`Prieto et al. 2025`, `Wu and Su 2023`."""
    names = [author.removesuffix("et al.").split()[-1] for author in authors(work)]
    several = len(names) > 2 or work.authors.endswith("et al.")
    told = f"{names[0]} et al." if several else " and ".join(names)
    return f"{told} {year(name, work)}".strip()


def attach(claims: Sequence[dict], ruleset: RuleSet) -> None:
    """Add `cited` to claims of another work than the page's own paper: its short name and address."""
    for claim in claims:
        if claim["paper"] != ruleset.slug and (work := ruleset.works.get(claim["paper"])):
            claim["cited"] = {"name": short_name(claim["paper"], work), "url": work.url}


def on_page(claim: Mapping) -> str:
    """The place of a claim as its paper's page tells it: of another work with its name."""
    cited = claim.get("cited")
    return f"{cited['name']}, {claim['place']}" if cited else claim["place"]


def anywhere(claim: Mapping, ruleset: RuleSet) -> str:
    """The place of a claim with its paper, for everywhere else: `Prieto et al. 2025, Figure 1a`."""
    work = ruleset.works.get(claim["paper"])
    return f"{short_name(claim['paper'], work)}, {claim['place']}" if work else claim["place"]
