"""`verifig runs`: the runs that lie below a folder, what they are and how much room they take; and taking them away."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from verifig.ground import numbers
from verifig.ground.errors import InputError
from verifig.ground.files import read_json
from verifig.ground.paths import SCALES, Layout, slugs
from verifig.planning import rulesets, whatif
from verifig.running import folders

CHECKPOINT = ".npz.ckpt"


@dataclass(frozen=True)
class Kept:
    """A paper's run in a folder.

    Attributes:
        finished, unfinished: experiments.
        changed: a sentence an experiment with settings of the user's own.
        ended: of its newest job, date and time (UTC); empty where none is finished.
        size: bytes of all its files.
    """

    layout: Layout
    finished: Sequence[str]
    unfinished: Sequence[str]
    changed: Sequence[str]
    ended: str
    size: int


def show(folder: Path, prune: bool = False) -> None:
    """Print the runs below a folder, each with what was changed; `prune`: remove them, and what folders are empty then.

    Raises:
        InputError: no such folder, or, to be removed, the results of the workflow.
    """
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder")
    runs = below(folder)
    if not runs:
        print(f"no runs below {folder}")
        return
    if prune:
        for run in runs:
            if folders.of_the_workflow(run.layout.results):
                raise InputError(f"{run.layout.results} is where the workflow keeps its results: nothing was removed")
    for run in runs:
        print(f"{run.layout.results}: {run.layout.slug}, {run.layout.scale} scale, {told(run)}")
        print(*(f"  {sentence}" for sentence in run.changed), sep="\n", end="\n" if run.changed else "")
    total = f"{numbers.count(len(runs), 'run')}, {sum(run.size for run in runs) / 1e6:.1f} MB"
    if prune:
        for run in runs:
            _remove(run.layout.folder, folder)
    print(f"removed {total}" if prune else total)


def told(run: Kept) -> str:
    """`delay53, edge113 (unfinished); 2026-11-28 07:11; 0.2 MB`."""
    names = [*run.finished, *(f"{name} (unfinished)" for name in run.unfinished)]
    return "; ".join(filter(None, (", ".join(names), run.ended, f"{run.size / 1e6:.1f} MB")))


def below(folder: Path) -> list[Kept]:
    """The runs in a folder or in folders within it, by place."""
    known = {*slugs()}
    files = [*folder.rglob("*.provenance.json"), *folder.rglob(f"*{CHECKPOINT}")]
    places = sorted({path.parent for path in files if path.parent.name in known and path.parents[1].name in SCALES})
    return [_kept(Layout(place.parents[1], place.parent.name, place.name)) for place in places]


def _kept(layout: Layout) -> Kept:
    records = {path.name.removesuffix(".provenance.json"): path for path in layout.folder.glob("*.provenance.json")}
    jobs = {name: read_json(path) for name, path in sorted(records.items())}
    trained = {name: record for name, record in jobs.items() if record.get("job", {}).get("stage") == "train"}
    begun = sorted(path.name.removesuffix(CHECKPOINT) for path in layout.folder.glob(f"*{CHECKPOINT}"))
    ruleset = rulesets.load(layout.slug)
    changed = [
        whatif.sentence(name, found)
        for name, record in trained.items()
        if name in ruleset.experiments(layout.scale)
        and (found := whatif.changes(rulesets.settings(ruleset, name, layout.scale), record["job"]["settings"]))
    ]
    return Kept(
        layout,
        list(trained),
        [name for name in begun if name not in trained],
        changed,
        max((str(record.get("finished", "")) for record in jobs.values()), default="")[:16].replace("T", " "),
        sum(path.stat().st_size for path in layout.folder.rglob("*") if path.is_file()),
    )


def _remove(place: Path, folder: Path) -> None:
    """Remove a run, and the folders above it up to `folder` that are empty then."""
    shutil.rmtree(place)
    for parent in place.parents:
        if parent == folder.parent or any(parent.iterdir()):
            return
        parent.rmdir()
