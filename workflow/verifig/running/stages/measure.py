"""Stage measure: artifacts -> statistics and curves. Imports no torch."""

import importlib
import shutil
from collections.abc import Callable, Mapping

import numpy as np

from verifig.ground import costs
from verifig.ground.errors import RunError
from verifig.ground.paths import Layout, package
from verifig.measuring import tables
from verifig.planning import provenance
from verifig.training import artifacts


def measure(job: Mapping, layout: Layout, log: Callable[[str], None] = print) -> None:
    """Read the artifacts of `job` (see `jobs.measure`), write statistics, curves and provenance.

    Raises:
        RunError: an artifact whose key or checksum is not the expected one.
    """
    watch = costs.Stopwatch()
    found = {}
    for experiment, expected in job["upstream"].items():
        if problem := provenance.problem(layout.provenance(experiment), expected):
            raise RunError(f"artifact refused: {problem}; `python -m verifig prepare` removes it")
        found[experiment] = artifacts.read(layout.artifact(experiment))
    result = tables.Tables()
    fill = importlib.import_module(f"{package(job['slug'])}.measure").measure
    with np.errstate(all="ignore"):  # runs that diverged: what is not finite is recorded as such by `Tables`
        fill(found, result)
    statistics = result.statistics()
    tables.write(layout.statistics, statistics)
    shutil.rmtree(layout.curves, ignore_errors=True)
    layout.curves.mkdir(parents=True)
    for name, frame in sorted(result.curves.items()):
        tables.write(layout.curves / f"{name}.parquet", frame)
    provenance.write(layout.provenance("measure"), job, [layout.statistics, layout.curves], watch.read())
    log(f"{len(statistics)} statistics, {len(result.curves)} tables of curves")
