"""Which folders a run may write to: neither the published pages, nor what another run left, nor the workflow's results
unless it is what the workflow would make.
"""

from collections.abc import Mapping
from pathlib import Path

from verifig.ground.errors import InputError
from verifig.ground.files import read_json
from verifig.ground.paths import ROOT, Layout
from verifig.planning import whatif


def protect(
    out: Path,
    slug: str,
    scale: str,
    train_jobs: Mapping[str, Mapping],
    missing_data: Mapping[str, list[str]],
    last_stage: str,
) -> None:
    """Raise unless these jobs may write to a folder.

    Args:
        missing_data: experiments that are left out because their data is not there.
        last_stage: with "train" no verdicts are written.

    Raises:
        InputError: `out` lies in the published pages; it is where the workflow keeps its results, and the run is a
            what-if or a part of the scale; or it holds a run with other settings, or verdicts on more experiments.
    """
    out = Path(out)
    if out.resolve().is_relative_to(ROOT / "reports"):
        raise InputError(f"--out {out} lies in the published pages: choose another folder")
    if of_the_workflow(out):
        made = whatif.describe(slug, scale, train_jobs, missing_data)
        if made and last_stage == "train":  # each artifact is the workflow's own, whatever else is trained or not
            made = made | {"left_out": []}
        if differing := whatif.sentences(made):
            raise InputError(
                f"--out {out} is where the workflow keeps its results, and this run is not what it would make "
                f"({'; '.join(differing)}): choose another folder"
            )
        return  # what it replaces, the workflow would replace too
    layout = Layout(out, scale, slug)
    for name, job in train_jobs.items():
        if layout.provenance(name).exists():
            before = _job(layout.provenance(name)).get("settings")
            if before and (changes := whatif.changes(before, job["settings"])):
                raise InputError(
                    f"--out {out} holds a run with other settings ({whatif.sentence(name, changes)}): choose another folder"
                )
    if last_stage != "train" and layout.provenance("measure").exists():
        judged = _job(layout.provenance("measure")).get("upstream", {})
        if dropped := [name for name in judged if name not in train_jobs and name not in missing_data]:
            raise InputError(
                f"--out {out} holds verdicts on {', '.join(dropped)} too, which this run would drop: name these experiments"
                " as well, or choose another folder"
            )


def _job(record: Path) -> Mapping:
    """The job of a record; empty where it is damaged: such outputs may be replaced."""
    try:
        found = read_json(record)
    except InputError:
        return {}
    return found.get("job", {}) if isinstance(found, dict) else {}


def of_the_workflow(out: Path) -> bool:
    """Whether a folder is the results folder of this checkout, or of a folder where Snakemake works."""
    folder = out.resolve()
    return folder == ROOT / "results" or (folder.name == "results" and (folder.parent / ".snakemake").is_dir())
