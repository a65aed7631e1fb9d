"""`verifig pack` and `unpack`: results between machines, so that those of a GPU can be judged on a laptop.

What is finished is verified, measured and judged where it is unpacked; what is unfinished goes on there.
"""

import shlex
import zipfile
from collections.abc import Mapping
from pathlib import Path

from verifig.ground import numbers
from verifig.ground.errors import InputError
from verifig.ground.files import atomic, write_text
from verifig.ground.paths import AFTER_TRAINING, Layout, ruleset_dir
from verifig.planning import jobs, provenance, rulesets, unfinished, userconfig
from verifig.planning.unfinished import Unfinished
from verifig.running import alone, folders, leftovers, packs
from verifig.running.packs import Contents
from verifig.running.trainings import Training


def pack(results: Path, scale: str, slug: str, file: Path) -> None:
    """Write the finished artifacts of a paper at a scale, and the checkpoints of its unfinished work, to a zip file.

    A checkpoint from which nothing can go on is named and left out.

    Raises:
        InputError: there is neither, or an artifact is damaged.
    """
    ruleset_dir(slug)
    layout = Layout(results, scale, slug)
    finished = _finished(layout)
    begun = _begun(layout, finished)
    if not finished and not begun:
        raise InputError(f"{layout.folder} holds no finished artifacts and no unfinished work")
    with atomic(file) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in finished:
            for path in (layout.artifact(name), layout.provenance(name)):
                archive.write(path, f"{scale}/{slug}/{path.name}")
        for name in begun:  # the state of a training hardly shrinks
            archive.write(layout.checkpoint(name), f"{scale}/{slug}/{name}.npz.ckpt", zipfile.ZIP_STORED)
    print(f"packed {_counted(finished, begun)} into {file}")


def unpack(file: Path, out: Path, last_stage: str = "judge") -> None:
    """Unpack, verify, and measure, judge and report what is finished below `out` as far as `last_stage`.

    Unfinished work is laid where `verifig run` and Snakemake go on with it, unless it is finished or further on there.

    Raises:
        InputError: not a pack, an unsafe name, a wrong key or checksum, a checkpoint that cannot be read, code or
            settings other than this checkout's, or a folder that these results may not be written to.
    """
    alone.require_packages(last_stage)
    members = packs.read(file)
    groups = packs.verify(members)
    if not groups:
        raise InputError(f"{file} holds neither an artifact with its record nor a checkpoint")
    missing = {place: _missing_data(place[1], place[0], contents.finished) for place, contents in groups.items()}
    for (scale, slug), contents in groups.items():
        _protect(Layout(Path(out), scale, slug), contents, missing[scale, slug], last_stage)
    for (scale, slug), contents in groups.items():
        layout = Layout(Path(out), scale, slug)
        for experiment in contents.finished:
            with atomic(layout.artifact(experiment)) as temporary:
                temporary.write_bytes(members[f"{scale}/{slug}/{experiment}.npz"])
            record = members[f"{scale}/{slug}/{experiment}.provenance.json"].decode()
            write_text(layout.provenance(experiment), record)
            leftovers.remove_checkpoint(layout, experiment)
        print(f"unpacked {_counted(contents.finished, contents.begun)} of {slug} at {scale} scale")
        for experiment, work in contents.begun.items():
            _lay(layout, experiment, work, members[f"{scale}/{slug}/{experiment}.npz.ckpt"])
        if contents.finished and last_stage != "train":
            alone.finish(slug, scale, contents.finished, layout, last_stage, missing[scale, slug])


def _finished(layout: Layout) -> dict[str, str]:
    """Keys of the finished artifacts of a folder, by experiment."""
    keys = {}
    for path in sorted(layout.folder.glob("*.provenance.json")):
        name = path.name.removesuffix(".provenance.json")
        if name in AFTER_TRAINING:
            continue
        keys[name] = packs.record(str(path), path.read_bytes()).get("key")
        if problem := provenance.problem(path, keys[name]):
            raise InputError(problem)
    return keys


def _begun(layout: Layout, finished: Mapping[str, str]) -> dict[str, Unfinished]:
    """The unfinished work in a folder with which this checkout can go on, by experiment."""
    found = {}
    for path in sorted(layout.folder.glob("*.npz.ckpt")):
        name = path.name.removesuffix(".npz.ckpt")
        try:
            work = packs.whole(path, str(path))
            packs.require_of_this_checkout(str(path), work.job, (layout.scale, layout.slug, name))
        except InputError as error:
            print(f"left out: {error}")
            continue
        if finished.get(name) != work.key:  # else it was killed before it could remove its checkpoint
            found[name] = work
    return found


def _counted(finished: Mapping, begun: Mapping[str, Unfinished]) -> str:
    """`3 finished experiments and the unfinished precision113 (77 % done)`."""
    parts = [numbers.count(len(finished), "finished experiment")] if finished else []
    parts += [f"the unfinished {name} ({work})" for name, work in begun.items()]
    return " and ".join(parts)


def _protect(layout: Layout, contents: Contents, missing: Mapping[str, list[str]], last_stage: str) -> None:
    """Raise unless all of it may be laid below a folder."""
    begun = {name: work.job for name, work in contents.begun.items()}
    for train_jobs, stage in ((contents.finished, last_stage), (begun, "train")):
        if train_jobs:
            folders.protect(layout.results, layout.slug, layout.scale, train_jobs, missing, stage)
    for name, work in contents.begun.items():
        there = unfinished.find(layout.checkpoint(name))
        if there is not None and there.key != work.key:
            raise InputError(
                f"{layout.checkpoint(name)} is unfinished work of another job: remove it, or choose another folder"
            )


def _lay(layout: Layout, experiment: str, work: Unfinished, checkpoint: bytes) -> None:
    """Lay a checkpoint where it goes on, and say where that is."""
    training = Training(layout, experiment, work.job)
    there = training.begun()
    if training.made() is not None:
        print(f"{experiment} is finished there already")
        return
    if there is not None and there.further > work.further:
        print(f"{experiment} is further on there already ({there})")
        return
    with atomic(layout.checkpoint(experiment)) as temporary:
        temporary.write_bytes(checkpoint)
    user = userconfig.load()
    here = jobs.train(layout.slug, experiment, layout.scale, user.device, data_dir=user.data)
    if elsewhere := Training(layout, experiment, here).elsewhere():
        print(elsewhere)
    else:
        command = f"python -m verifig run {layout.slug} {experiment} --scale {layout.scale}"
        print(f"{experiment} goes on with {command} --stage train --out {shlex.quote(str(layout.results))}")


def _missing_data(slug: str, scale: str, train_jobs: Mapping) -> dict[str, list[str]]:
    """Experiments that are not in a pack and could not be trained here either, with the data that they lack."""
    changes = {name: {} for name in rulesets.load(slug).experiments(scale) if name not in train_jobs}
    return jobs.training(slug, scale, changes, "cpu", data_dir=userconfig.load().data)[1]
