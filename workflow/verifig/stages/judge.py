"""Stage judge: statistics and claims -> verdicts."""

from collections.abc import Callable, Mapping

from verifig import __version__, claims, provenance, tables, verdicts
from verifig import judge as judging
from verifig.errors import RunError
from verifig.files import read_json, write_json
from verifig.keys import key
from verifig.paths import Layout


def judge(job: Mapping, layout: Layout, log: Callable[[str], None] = print) -> None:
    """Judge the claims of a rule set on its statistics; writes verdicts.json and provenance.

    Raises:
        RunError: the statistics were made by another job, or one that a claim asks for is missing.
    """
    watch = provenance.Stopwatch()
    if problem := provenance.problem(layout.provenance("measure"), job["upstream"]["statistics"]):
        raise RunError(f"statistics refused: {problem}; `python -m verifig prepare` removes them")
    what_if = job["what_if"]
    left_out = {name: [f"experiment {name} (not run)"] for name in (what_if or {}).get("left_out", [])}
    missing = job["missing_data"] | left_out
    judged = judging.judge(
        claims.load(job["slug"]), tables.read(layout.statistics), job["scale"], missing, what_if is not None
    )
    job_versions = read_json(layout.provenance("measure"))["job"]["versions"]
    write_json(
        layout.verdicts,
        {
            "schema": 1,
            "verifig": __version__,
            "slug": job["slug"],
            "scale": job["scale"],
            "key": key(job),
            "versions": job_versions,
            "what_if": what_if,
            "claims": judged,
        },
    )
    provenance.write(layout.provenance("judge"), job, [layout.verdicts], watch.read())
    log(verdicts.summary(judged, job["scale"]))
