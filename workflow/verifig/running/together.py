"""What the runs of a sweep share: an experiment that no change reaches, and one ensemble for those that can be joined."""

import contextlib
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from verifig.ground import numbers
from verifig.ground.errors import InputError
from verifig.ground.files import read_json, write_text
from verifig.ground.keys import key
from verifig.ground.paths import Layout
from verifig.planning import course, joining, provenance, rulesets
from verifig.planning.by_condition import Grouped
from verifig.running import slices
from verifig.running.stopping import Stop
from verifig.running.trainings import Training
from verifig.training import artifacts
from verifig.training.members import members_of

OF_EVERY_RECORD = ("schema", "verifig", "key", "job", "outputs", "commit", "finished", "seal")  # see `provenance.write`
COSTS = ("wall_seconds", "cpu_seconds", "steps")  # of a joined job, shared out by members


def train(trainings: Iterable[Training], folder: Path, stop: Stop, data_dir: Path) -> bool:
    """Train what can be joined of the unfinished trainings of several runs, and deal it out to them.

    Args:
        folder: where the joined jobs train; what they leave there is removed once it is dealt out.

    Returns:
        Whether there was time for all of it.
    """
    groups: dict[str, dict[str, Training]] = {}
    for training in trainings:
        if training.made() is None:
            groups.setdefault(training.experiment, {}).setdefault(key(training.job), training)
    shared: list[tuple[Training, Sequence[Training]]] = []
    for experiment, group in groups.items():
        owners = list(group.values())
        if len(owners) == 1:
            continue
        layout = Layout(folder, owners[0].layout.scale, owners[0].layout.slug)
        try:
            one = Training(layout, experiment, joining.joined([owner.job for owner in owners]))
        except InputError as why:
            print(f"{owners[0].title}: one run after the other: {why}")
            continue
        alone = sum(len(members_of(each)) for each in one.job["together"])
        once = len(joining.distinct(one.job["together"]))
        saved = f" instead of {alone}" if once < alone else ""
        print(f"{one.title}: {numbers.count(len(owners), 'run')} as one program of {once} members{saved}")
        shared.append((one, owners))
    finished = slices.train([one for one, _ in shared], stop, data_dir)
    for one, owners in shared:
        if one.title in finished:
            deal(one, owners)
            _remove(one, folder)
    if len(finished) < len(shared):
        print(*(one.sentence() for one, _ in shared if one.title not in finished), sep="\n")
        return False
    return True


def deal(one: Training, owners: Sequence[Training]) -> None:
    """Give each of the jobs that were trained as one its artifact, its record and its course."""
    common = rulesets.load(one.layout.slug).together[one.job["program"]].get("common", [])
    arrays = artifacts.read(one.layout.artifact(one.experiment))
    record = read_json(one.layout.provenance(one.experiment))
    everyone = joining.distinct(one.job["together"])
    for owner in owners:
        mine, path = members_of(owner.job["settings"]), owner.layout.artifact(owner.experiment)
        made = joining.part(arrays, everyone, mine, common)
        artifacts.write(path, made, {"key": key(owner.job), "job": owner.job})
        _deal_course(one, owner)
        facts = {name: value for name, value in record.items() if name not in OF_EVERY_RECORD}
        share = len(mine) / len(everyone)
        facts |= {name: type(facts[name])(share * facts[name]) for name in COSTS if name in facts}
        facts["together_with"] = len(everyone)
        provenance.write(owner.layout.provenance(owner.experiment), owner.job, [path], facts)


def _remove(one: Training, folder: Path) -> None:
    """Remove what a joined job has left, and the folders that are empty then."""
    layout, name = one.layout, one.experiment
    for path in (layout.provenance(name), layout.artifact(name), layout.course(name)):
        path.unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # not empty
        for place in (layout.folder, *layout.folder.parents):
            place.rmdir()
            if place == folder:
                break


def _deal_course(one: Training, owner: Training) -> None:
    """Rows of the members of one job, under the names that they have in it."""
    kept = course.read(one.layout.course(one.experiment))
    if kept is None:
        return
    told, own = Grouped(one.job["settings"]).name, Grouped(owner.job["settings"]).name
    names = {told(member): own(member) for member in members_of(owner.job["settings"])}
    lines = [course.line({**kept.head, "key": key(owner.job)})]
    for row in kept.rows:
        conditions = {names[name]: entry for name, entry in row.conditions.items() if name in names}
        if conditions:
            lines.append(course.line(vars(row) | {"conditions": conditions}))
    write_text(owner.layout.course(owner.experiment), "".join(lines))


def reuse(training: Training, layouts: Iterable[Layout]) -> None:
    """Copy an artifact that the same job has made elsewhere, unless this one is finished."""
    if training.made() is not None:
        return
    name, mine = training.experiment, training.layout
    for layout in layouts:
        if Training(layout, name, training.job).made() is not None:
            mine.folder.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(layout.artifact(name), mine.artifact(name))
            if layout.course(name).exists():
                shutil.copyfile(layout.course(name), mine.course(name))
            shutil.copyfile(layout.provenance(name), mine.provenance(name))  # last: it makes the others count
            return
