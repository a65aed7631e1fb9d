"""Shared by the entry and by every paper. Where the library lies, the checked configuration, the jobs."""

import os
import sys
from pathlib import Path

SUITE = Path(str(workflow.current_basedir)).resolve().parents[1]
LIBRARY = [str(SUITE / "workflow"), str(SUITE)]
sys.path[:0] = [path for path in LIBRARY if path not in sys.path]
# scripts run in a fresh interpreter: let it import the library without an install, and all else that is imported here
given = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
os.environ.update(PYTHONPATH=os.pathsep.join(dict.fromkeys([*LIBRARY, *given])))

from verifig.ground import paths
from verifig.ground.errors import InputError
from verifig.planning import datasets, jobs, rulesets, themes, userconfig
from verifig.running import surroundings
from verifig.training.data import EMBEDDED

surroundings.settle()
surroundings.quote_interpreter()


def checked(function, *arguments):
    """Call; a mistake of the user's ends Snakemake with one sentence and exit code 2."""
    try:
        return function(*arguments)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.stderr.flush()
        os._exit(2)


def suite_config(given):
    """The user's configuration, checked (see verifig.planning.userconfig)."""
    return checked(userconfig.load, dict(given), workflow.remote_exec)


def jobs_of(slug, user):
    """All jobs of a paper (see verifig.planning.jobs)."""
    return checked(jobs.planned, slug, user.scale, user.device, user.seeds, user.data)


def data_of(slug, job, folder):
    """The downloads that a training job reads."""
    return [
        str(datasets.path(slug, name, folder))
        for name in job["data"]
        if name not in EMBEDDED
    ]


def figures_of(slug, scale):
    """The figures that a paper draws at a scale."""
    figures = rulesets.load(slug).figures
    return {name: entry for name, entry in figures.items() if scale in entry.scales}


def read_by_the_site(slug, user):
    """What the front page shows of a paper beside its verdicts, costs and its first figure."""
    records = [
        f"{name}.provenance.json"
        for name in jobs_of(slug, user)
        if name not in paths.AFTER_TRAINING
    ]
    return records + [
        f"page/figures/{name}.svg" for name in list(figures_of(slug, user.scale))[:1]
    ]


def in_report(slug, place, shows):
    """Where an output stands in Snakemake's report: its theme, its paper, and what it is."""
    ruleset = rulesets.load(slug)
    return {
        "category": themes.load()[ruleset.theme].title,
        "subcategory": ruleset.title,
        "labels": {"figure": place, "shows": shows},
    }


def made_caption(file):
    """The caption that a job will have written, as a path: Snakemake looks for captions beside the rules."""
    return str(Path(workflow.pathvars.apply(file)).absolute())


def seconds_of(slug, experiment, scale):
    """What a training job is expected to take: the longest start first, so that the last minutes are not one job alone."""
    return round(rulesets.load(slug).entry(experiment, scale).expected_seconds or 0)


def memory_of(slug, experiment, scale):
    """The memory that an experiment's configuration asks for; else the job gets what the profile gives every job."""
    memory = rulesets.load(slug).entry(experiment, scale).memory_mb
    return {"mem_mb": memory} if memory else {}
