"""From Snakemake's `snakemake` object to the stage functions: paths from the outputs, output to the log file."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from verifig.ground.errors import InputError, RunError
from verifig.ground.paths import DATA, Layout


def train(smk: Any) -> None:
    """Adapter of the training rules. Only here a GPU must exist: on a cluster the jobs are planned on another machine."""
    from verifig.planning.devices import resolve
    from verifig.running.stages.train import train as stage

    def work(log: Callable[[str], None]) -> None:
        resolve(smk.params.job["device"])
        stage(
            smk.params.job,
            Path(smk.output.artifact),
            Path(smk.output.record),
            Path(smk.params.checkpoint),
            _data_dir(smk),
            log,
        )

    _guarded(smk, work)


def measure(smk: Any) -> None:
    """Adapter of rule measure."""
    from verifig.running.stages.measure import measure as stage

    _guarded(smk, lambda log: stage(smk.params.job, _layout(smk.output.record), log))


def judge(smk: Any) -> None:
    """Adapter of rule judge."""
    from verifig.running.stages.judge import judge as stage

    _guarded(smk, lambda log: stage(smk.params.job, _layout(smk.output.record), log))


def report(smk: Any) -> None:
    """Adapter of rule report."""
    from verifig.running.stages.report import report as stage

    _guarded(smk, lambda log: stage(smk.params.job, _layout(smk.output.record), log))


def site(smk: Any) -> None:
    """Adapter of rule site."""
    from verifig.pages.site import build

    _guarded(smk, lambda log: build(Path(smk.output.index).parents[2], smk.params.scale, list(smk.params.papers), log))


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
