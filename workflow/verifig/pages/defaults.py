"""Curves of the runs with the configured settings, to be drawn behind those of a what-if."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from verifig.ground.errors import InputError
from verifig.ground.files import read_json
from verifig.ground.paths import ROOT, Layout
from verifig.measuring import tables
from verifig.planning import provenance, rulesets

RESULTS = ROOT / "results"


def curves(
    ruleset: rulesets.RuleSet,
    scale: str,
    names: Sequence[str],
    experiments: Sequence[str] = (),
    results: Path | None = None,
) -> list[pd.DataFrame] | None:
    """The named tables of curves of the workflow's own results, or None where they cannot be had.

    Args:
        experiments: whose runs the tables hold; every one that was measured, if none is named.
        results: folder of the workflow's results, that of the checkout if none is given.

    They are used only if `measure` wrote them, nothing was changed since, and the runs have the configured settings.
    """
    layout = Layout(results or RESULTS, scale, ruleset.slug)
    try:
        record = read_json(layout.provenance("measure"))
        upstream = record["job"]["upstream"]
        sound = provenance.problem(layout.provenance("measure"), record["key"]) is None
        configured = all(_configured(ruleset, scale, layout, name, upstream) for name in experiments or upstream)
        return [tables.read(layout.curves / f"{name}.parquet") for name in names] if sound and configured else None
    except (InputError, KeyError, TypeError):
        return None


def _configured(ruleset, scale, layout, experiment, upstream) -> bool:
    """Whether the measured run of an experiment had the configured settings."""
    record = read_json(layout.provenance(experiment))
    wanted = rulesets.settings(ruleset, experiment, scale)
    return record["key"] == upstream[experiment] and record["job"]["settings"] == wanted
