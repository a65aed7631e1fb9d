"""`verifig claims check`: what is wrong with a paper's claims before anything is trained, and with its statistics after."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from verifig.ground.errors import RunError
from verifig.ground.paths import SCALES, Layout
from verifig.judging import claims as claims_module
from verifig.judging.judge import Statistics
from verifig.planning import rulesets

CONTROLS = "controls"  # the figure to which controls and oracles belong


def check(results: Path, scale: str, slugs: Sequence[str]) -> int:
    """Print a line a paper, and below it what is wrong; 1 if there is anything, else 0.

    Raises:
        InputError: an unknown paper, or a claims.yaml that cannot be read (see `claims.load`).
    """
    wrong = 0
    for slug in slugs:
        claims = claims_module.load(slug)
        path = Layout(results, scale, slug).statistics
        table = pd.read_parquet(path) if path.exists() else None
        found = problems(slug, scale, table)
        kinds = Counter(claim["kind"] for claim in claims)
        counted = ", ".join(f"{count} {kind}{'s' * (count > 1)}" for kind, count in kinds.items())
        measured = f"measured at {scale} scale" if table is not None else f"not measured yet at {scale} scale"
        print(f"{slug}: {'WRONG' if found else 'ok'}, {counted}, statistics {measured}")
        for sentence in found:
            print(f"  {sentence}")
        wrong += len(found)
    return int(wrong > 0)


def problems(slug: str, scale: str, table: pd.DataFrame | None = None) -> list[str]:
    """Sentences on claims that name figures, experiments or statistics that there are not.

    Args:
        table: the statistics that the measure stage wrote; None: there are none yet.
    """
    ruleset, claims, found = rulesets.load(slug), claims_module.load(slug), []
    statistics = None if table is None else Statistics(table)
    elsewhere = {name for other in SCALES for name in ruleset.experiments(other)} - set(ruleset.experiments(scale))
    for claim in claims:
        if claim["figure"] not in {*ruleset.figures, CONTROLS}:
            found.append(f"{claim['id']} belongs to the figure {claim['figure']!r}, which paper.yaml does not have")
        if scale not in claim["scales"]:
            continue
        parts = claims_module.parts(claim, scale, claims)
        for part in [*parts, *claims_module.resolved(claim.get("healthy", []), scale)]:
            if part["experiment"] in elsewhere:
                found.append(f"{claim['id']} is judged at {scale} scale, where {part['experiment']!r} does not run")
            elif statistics is not None and part["experiment"] in statistics.experiments:
                try:
                    statistics.of(part, claim["id"])
                except RunError as error:
                    found.append(str(error))
    return list(dict.fromkeys(found))
