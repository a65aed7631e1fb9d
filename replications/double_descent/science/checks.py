"""What settings of several programs must satisfy: images that exist, records within the training. No torch."""

from collections.abc import Mapping, Sequence

from replications.double_descent.science.datasets import COUNTS, SHAPES
from verifig.planning import image_folders, userconfig
from verifig.planning.checks import at_least_one, by_condition, increasing, require, shared
from verifig.training import image_files

FOLDERS = {"cifar10"}  # data sets that may be given as a folder of images


def image_counts(name: str) -> list[int]:
    """Images by class: as published, or of the folder that the user gives in place of the download."""
    folder = userconfig.load().data_folders.get(name) if name in FOLDERS else None
    found: dict[int, int] = {}
    for part in image_folders.PARTS if folder else ():
        if not (folder / part).is_dir():
            return COUNTS[name]  # what is wrong with the folder is said when it is read
        classes = sorted(entry for entry in (folder / part).iterdir() if entry.is_dir())
        for label, entry in enumerate(classes):
            there = sum(file.suffix.lower() in image_files.SUFFIXES for file in entry.rglob("*"))
            found[label] = found.get(label, 0) + there
    return [found[label] for label in sorted(found)] if folder else COUNTS[name]


def enough_images(member: Mapping, n: int, test: int, name: str = "n") -> None:
    """Classes that exist, and images enough."""
    counts, classes = image_counts(member["dataset"]), member["classes"]
    for each in classes:
        require(each < len(counts), f"classes: {each} must be below {len(counts)}, the classes of {member['dataset']}")
    require(len(classes) != 1, f"classes = {classes} must be at least two, or empty for all")
    total = sum(counts[each] for each in classes) if classes else sum(counts)
    require(
        n + max(test, 1) <= total,
        f"{name}: {n} training and {max(test, 1)} test images are more than the {total} of {member['dataset']} in these classes",
    )


def recorded(member: Mapping, name: str, first: int, last: int, what: str) -> None:
    """Points to record: at least one, increasing, within the training."""
    at_least_one(member, name)
    increasing(member, name)
    for point in member[name]:
        require(
            first <= point <= last,
            f"condition {member['condition']}: {name} = {member[name]} must lie between {first} and {last}, {what}",
        )


def two_layer(members: Sequence[Mapping]) -> None:
    """Members of one width are one program: the same images; blocks of pixels tile an image."""
    shared(members, ("dataset", "n", "test_size", "classes", "pool_size", "steps", "record_steps", "chunk"))
    member = members[0]
    enough_images(member, member["n"], member["test_size"])
    channels, side = SHAPES[member["dataset"]]
    size = member["pool_size"]
    require(
        size == 1 or (channels == 1 and side % size == 0),
        f"pool_size = {size} must be 1 or divide the side of {member['dataset']}'s grey images, {side} pixels",
    )
    at_least_one(member, "record_steps")
    first = min(member["record_steps"])
    require(first <= member["steps"], f"record_steps: the first, {first}, must be at most steps = {member['steps']}")
    for each in by_condition(members):
        increasing(each, "widths")
