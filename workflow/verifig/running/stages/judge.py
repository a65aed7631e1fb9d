"""Stage judge: statistics and claims -> verdicts."""

from collections.abc import Callable, Mapping

from verifig.ground import costs
from verifig.ground.errors import RunError
from verifig.ground.files import read_json, write_json
from verifig.ground.keys import key
from verifig.ground.paths import Layout
from verifig.ground.version import __version__
from verifig.judging import claims
from verifig.judging import judge as judging
from verifig.measuring import tables
from verifig.pages import words
from verifig.planning import provenance


def judge(job: Mapping, layout: Layout, log: Callable[[str], None] = print) -> None:
    """Judge the claims of a rule set on its statistics; writes verdicts.json and provenance.

    Raises:
        RunError: the statistics were made by another job, or one that a claim asks for is missing.
    """
    watch = costs.Stopwatch()
    if problem := provenance.problem(layout.provenance("measure"), job["upstream"]["statistics"]):
        raise RunError(f"statistics refused: {problem}; `python -m verifig prepare` removes them")
    slug, scale, what_if = job["slug"], job["scale"], job["what_if"]
    statistics = tables.read(layout.statistics)
    judged = judging.judge(claims.load(slug), statistics, scale, job["missing_data"], what_if)
    contents = {
        "schema": 1,
        "verifig": __version__,
        "slug": slug,
        "scale": scale,
        "key": key(job),
        "versions": read_json(layout.provenance("measure"))["job"]["versions"],
        "what_if": what_if,
        "claims": judged,
        "health": judging.judge_health(claims.health(slug), statistics, scale, what_if),
    }
    write_json(layout.verdicts, contents)
    provenance.write(layout.provenance("judge"), job, [layout.verdicts], watch.read())
    log(words.summary(judged, scale))
