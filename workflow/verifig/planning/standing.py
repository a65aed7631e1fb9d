"""Whether results are the suite's own: the whole scale as configured, by this checkout's code, and as they were written.

Only such results are compared with what was recorded, recorded, and published.
"""

from collections.abc import Mapping
from pathlib import Path

from verifig.ground import schema
from verifig.ground.errors import InputError
from verifig.ground.files import read_json
from verifig.ground.paths import SCHEMAS, Layout
from verifig.ground.yaml_files import read_yaml
from verifig.planning import jobs, provenance, userconfig, whatif


def load(path: Path) -> dict:
    """A verdicts.json, checked against its schema.

    Raises:
        InputError: missing, not JSON, or of another shape.
    """
    contents = read_json(path)
    schema.validate(contents, read_yaml(SCHEMAS / "verdicts.schema.yaml"), str(path))
    return contents


def problem(layout: Layout, part: bool = False) -> str | None:
    """Why the verdicts of a rule set are not the suite's, in one sentence, or None when they are.

    Results of another machine count too, where device, versions and data at hand differ: code and settings must not.

    Args:
        part: results of some experiments of the scale count too, if nothing was changed in them.

    Raises:
        InputError: verdicts.json is not JSON or of another shape.
    """
    if not layout.verdicts.exists():
        return f"there are no verdicts at {layout.verdicts}"
    what_if = load(layout.verdicts).get("what_if")
    if part and what_if and not what_if["changed"]:
        what_if = None
    if differing := whatif.sentences(what_if):
        return "these are results of a what-if or of a part of the scale, not the suite's: " + "; ".join(differing)
    user = userconfig.load()
    here = jobs.all_jobs(layout.slug, layout.scale, user.device, None, user.data)
    if not layout.provenance("judge").exists():
        return f"{layout.verdicts} has no provenance"
    chain = {"judge": read_json(layout.provenance("judge")).get("key", "")}
    while chain:
        stage, wanted = chain.popitem()
        if found := provenance.problem(layout.provenance(stage), wanted):
            return found
        job = read_json(layout.provenance(stage))["job"]
        expected = (
            here[stage] if stage in here else jobs.train(layout.slug, stage, layout.scale, "cpu", data_dir=user.data)
        )
        if changed := _changed(job, expected):
            return f"{stage} was made with another {changed}: run the workflow again"
        chain |= {"measure": job["upstream"]["statistics"]} if stage == "judge" else job.get("upstream", {})
    return None


def require(layout: Layout, refusal: str, part: bool = False) -> None:
    """Raise unless the verdicts of a rule set are the suite's; `refusal` begins the sentence: "not recorded".

    Args:
        part: see `problem`.

    Raises:
        InputError: they are not, and why.
    """
    if found := problem(layout, part):
        raise InputError(f"{layout.slug} {refusal}: {found}")


def _changed(job: Mapping, expected: Mapping) -> str | None:
    """The file or setting in which a finished job differs from the one that would be run now."""
    for part in ("code", "settings"):
        before, now = job.get(part, {}), expected.get(part, {})
        if names := sorted(name for name in {*before, *now} if before.get(name) != now.get(name)):
            return names[0]
    return None
