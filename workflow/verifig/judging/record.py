"""`verifig record`: verdicts recorded on purpose in replications/<theme>/<paper>/recorded/, which `check` compares with."""

from collections.abc import Sequence
from pathlib import Path

from verifig.ground import revision
from verifig.ground.errors import InputError
from verifig.ground.files import read_json, write_json
from verifig.ground.paths import Layout, ruleset_dir
from verifig.ground.version import __version__
from verifig.judging import check
from verifig.planning import standing

SHORT = ("id", "verdict", "p_bound", "headroom", "agrees")
SHORT_PART = ("observed", "low", "high", "n", "verdict")


def record(results: Path, scale: str, slugs: Sequence[str]) -> None:
    """Write the verdicts of finished runs to replications/<theme>/<slug>/recorded/<scale>.json.

    With them go version, commit, date of the run, and hardware.

    Raises:
        InputError: there are no verdicts, they are not the suite's (see `standing.problem`), or claims recorded as
            judged lack their data now; then nothing is written.
    """
    for slug in slugs:
        layout = Layout(results, scale, slug)
        standing.require(layout, "is not recorded")
        rows = check.differences(standing.load(layout.verdicts)["claims"], check.recorded(slug, scale))
        if lost := [row for row in rows if row["without_data"]]:
            raise InputError(f"{slug} is not recorded: {lost[0]['sentence']}")
    for slug in slugs:
        _write(Layout(results, scale, slug))


def _write(layout: Layout) -> None:
    slug, scale = layout.slug, layout.scale
    contents = standing.load(layout.verdicts)
    judged = read_json(layout.provenance("judge"))
    experiments = read_json(layout.provenance("measure"))["job"]["upstream"]
    trained = [read_json(layout.provenance(experiment)) for experiment in experiments]
    before = check.recorded(slug, scale)
    write_json(
        ruleset_dir(slug) / "recorded" / f"{scale}.json",
        {
            "schema": 1,
            "verifig": __version__,
            "scale": scale,
            "commit": revision.commit(),
            "date": max(item["finished"] for item in trained or [judged])[:10],
            "versions": trained[0]["job"]["versions"] if trained else contents["versions"],
            "hardware": ", ".join(sorted({item["device_name"] for item in trained})) or "none",
            "cpu_seconds": round(sum(item["cpu_seconds"] for item in trained)),
            "claims": [_short(claim) for claim in contents["claims"]],
        },
    )
    changed = check.differences(contents["claims"], before)
    print(f"recorded {slug} at {scale} scale: {len(contents['claims'])} claims, {len(changed)} not as recorded before")
    for row in changed:
        print(f"  {row['id']}: {row['recorded'] or 'new'} -> {row['here'] or 'gone'}")


def _short(claim: dict) -> dict:
    """What is kept of a claim's verdict."""
    parts = [{name: part[name] for name in SHORT_PART} for part in claim["parts"]]
    return {name: claim[name] for name in SHORT if name in claim} | {"parts": parts}
