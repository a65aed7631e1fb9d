"""From Snakemake's `snakemake` object to the stage functions: paths from the outputs, output to the log file."""

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from verifig.ground.errors import InputError, RunError, Stopped
from verifig.ground.paths import DATA, Layout


def run(smk: Any) -> None:
    """Run the stage that the rule's job names."""
    work = {"train": _train, "site": _site}.get(smk.params.job["stage"], _after_training)
    _guarded(smk, lambda log: work(smk, log))


def _train(smk: Any, log: Callable[[str], None]) -> None:
    """Only here a GPU must exist: on a cluster the jobs are planned on another machine."""
    from verifig.planning.devices import resolve
    from verifig.running import slices
    from verifig.running.stages.train import train
    from verifig.running.stopping import Stop
    from verifig.running.trainings import Training

    job, output = smk.params.job, smk.output
    resolve(job["device"])
    slices.require_here([Training(_layout(output.record), job["experiment"], job)])
    stop = Stop()
    try:
        with stop.listening():
            train(
                job,
                Path(output.artifact),
                Path(output.record),
                Path(smk.params.checkpoint),
                _data_dir(smk),
                log,
                stop=stop,
                course=_layout(output.record).course(job["experiment"]),
            )
    except Stopped as stopped:
        print(f"{stop.cause}: {stopped}; run again, it goes on")
        sys.exit(stop.exit_code)


def _after_training(smk: Any, log: Callable[[str], None]) -> None:
    stage = smk.params.job["stage"]
    work = getattr(importlib.import_module(f"verifig.running.stages.{stage}"), stage)
    work(smk.params.job, _layout(smk.output.record), log)


def _site(smk: Any, log: Callable[[str], None]) -> None:
    from verifig.pages.site import build

    build(Path(smk.output.index).parents[2], smk.params.job["scale"], list(smk.params.job["papers"]), log)


def _data_dir(smk: Any) -> Path:
    """The folder in which the job's downloads lie, wherever Snakemake has put them."""
    from verifig.planning import datasets
    from verifig.training import data

    downloads = [name for name in smk.params.job["data"] if name not in data.EMBEDDED]
    return datasets.folder_of(smk.params.job["slug"], downloads[0], smk.input[0]) if downloads else DATA


def _layout(record: str) -> Layout:
    """results/<scale>/<slug>/<stage>.provenance.json -> its layout."""
    folder = Path(record).parent
    return Layout(folder.parents[1], folder.parent.name, folder.name)


def _guarded(smk: Any, work: Callable[[Callable[[str], None]], None]) -> None:
    """Run with all output in the rule's log; an expected failure is one sentence and exit code 1."""
    sys.stdout = sys.stderr = open(smk.log[0], "w", buffering=1, encoding="utf-8")
    try:
        work(print)
    except (InputError, RunError) as error:
        print(f"error: {error}")
        sys.exit(1)
    except OSError as error:
        print(f"error: {error.strerror or error} ({error.filename or smk.log[0]})")
        sys.exit(1)
    except KeyboardInterrupt:
        print("interrupted; run again, it goes on")
        sys.exit(130)
