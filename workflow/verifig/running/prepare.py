"""`verifig prepare`: everything that should happen before Snakemake starts.

Checks all configuration, fetches optional data once, removes outputs whose key or checksum is wrong, and forecasts.
"""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from verifig.ground.errors import InputError
from verifig.ground.keys import key
from verifig.ground.paths import AFTER_TRAINING, Layout
from verifig.judging import claims
from verifig.planning import downloads, forecast, jobs, provenance, rulesets, userconfig
from verifig.planning.devices import resolve
from verifig.running import leftovers


def prepare(scale: str, results: Path = Path("results"), cluster: bool = False) -> None:
    """Get a checkout ready to run at a scale, and print what will happen.

    Args:
        cluster: the jobs will run on other machines, so a GPU need not be in this one.

    Raises:
        InputError: anything wrong with the configuration, before any work, or the lock of another run.
    """
    user = userconfig.load()
    if not cluster:
        resolve(user.device)
    downloads.mirror()
    if any(Path(".snakemake/locks").glob("*.lock")):
        raise InputError(
            "another run works in this folder, or one was killed: if none does, run `make unlock` and then this again"
        )
    for slug in user.papers:
        claims.load(slug)
        ruleset = rulesets.load(slug)
        for experiment in ruleset.experiments(scale):
            rulesets.settings(ruleset, experiment, scale, seeds=user.seeds)
    for slug in user.papers:
        ruleset = rulesets.load(slug)
        downloads.fetch(ruleset, scale, ruleset.experiments(scale), user.data)
    total = forecast.Forecast()
    for slug in user.papers:
        layout = Layout(results, scale, slug)
        all_jobs = jobs.all_jobs(slug, scale, user.device, user.seeds, user.data)
        past = {stage: forecast.cpu_seconds(layout, stage, stage not in AFTER_TRAINING) for stage in all_jobs}
        total.add([(stage, past[stage]) for stage in clean(layout, all_jobs)], AFTER_TRAINING)
    print(total.sentence(os.cpu_count() or 1))


def clean(layout: Layout, all_jobs: Mapping[str, Mapping]) -> list[str]:
    """Remove outputs that these jobs may not use; returns the stages that have no usable output now.

    What was made from a removed or missing output goes too: Snakemake does not rebuild a missing file while the files
    made from it exist.
    """
    leftovers.sweep(layout)
    waiting: list[str] = []
    for stage, job in all_jobs.items():
        outputs = layout.outputs(stage)
        record = layout.provenance(stage)
        present = [path for path in [*outputs, record] if path.exists()]
        if present:
            problem = _problem(outputs, record, key(job))
            orphaned = stage in AFTER_TRAINING and waiting
            if problem is None and not orphaned:
                leftovers.remove_checkpoint(layout, stage)
                continue
            if problem is not None:
                print(f"removing outdated or damaged output: {problem}")
            for path in present:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
            leftovers.remove_course(layout, stage)
        waiting.append(stage)
    return waiting


def _problem(outputs: list[Path], record: Path, expected_key: str) -> str | None:
    """Why a stage's outputs may not be used, or None."""
    if not record.exists():
        return f"{outputs[0]} has no provenance"
    absent = [path for path in outputs if not path.exists()]
    return f"{absent[0]} is missing" if absent else provenance.problem(record, expected_key)
