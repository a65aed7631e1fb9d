"""Which settings go together: cross-conditions of each program, checked before anything is trained."""

import importlib.util
import itertools
from collections.abc import Mapping, Sequence

from verifig.planning import image_folders, userconfig
from verifig.planning.checks import at_least_one, by_condition, distinct, increasing, no_conditions, require, shared
from verifig.training import image_files

COUNTS = {  # images by class, as published
    "mnist_5k": [500] * 10,
    "digits": [178, 182, 177, 183, 181, 182, 181, 179, 174, 180],
    "mnist": [6903, 7877, 6990, 7141, 6824, 6313, 6876, 7293, 6825, 6958],
    "fashion_mnist": [7000] * 10,
    "cifar10": [6000] * 10,
}
FOLDERS = {"cifar10"}  # data sets that may be given as a folder of images
SHAPES = {"mnist_5k": (1, 28), "digits": (1, 8), "mnist": (1, 28), "fashion_mnist": (1, 28), "cifar10": (3, 32)}
WRITTEN_OUT = (6, 10)  # points of the minimal example that do not need scikit-learn
TRAINABLE = ("tanh", "relu", "linear")  # activations whose gradient is written out
SIZES = (
    "sample_sizes",
    "sample_width",
    "sample_noise",
    "sample_seeds",
    "sample_test",
    "threshold_sizes",
    "threshold_ratios",
)
IDENTITIES = (
    "kappa_draws", "gaussian_rows", "gaussian_draws", "aspect_ratios", "ols_widths", "ols_draws", "curvature_rows",
    "curvature_dimensions", "curvature_horizons", "curvature_draws", "curvature_rate", "check_seeds", "check_widths",
    "check_steps", "ridge", "reference", "dataset", "n",
)  # fmt: skip


def minimal(members: Sequence[Mapping]) -> None:
    """Draws of one example; nothing but widths and horizons varies."""
    no_conditions(members)
    increasing(members[0], "widths", "descent_widths", "horizons")
    for name in ("n", "descent_n"):
        number = members[0][name]
        require(
            number in WRITTEN_OUT or importlib.util.find_spec("sklearn") is not None,
            f"{name} = {number} needs scikit-learn, which makes the points; {' and '.join(map(str, WRITTEN_OUT))} do not",
        )


def random_features(members: Sequence[Mapping]) -> None:
    """Images enough for training and test, and results with names of their own."""
    shared(members, ("dataset", "n", *SIZES))
    for member in by_condition(members):
        _images(member, member["n"], member["test_size"])
        _no_name(member, "sizes", "threshold")
        increasing(member, "widths")
        _names(member, "horizons", "relative_rates", "learning_rates", "momenta", "momentum_horizons", "output_scales")
        _names(member, "noise_levels", "noise_horizons")
        base, levels = member["label_noise"], member["noise_levels"]
        require(
            base in levels or f"{base:g}" not in {f"{level:g}" for level in levels},
            f"noise_levels = {levels} must differ from label_noise = {base} in their first 6 digits",
        )
    member = members[0]
    if member["sample_sizes"]:
        at_least_one(member, "threshold_sizes", "threshold_ratios")
        for name in ("sample_sizes", "threshold_sizes"):
            for n in member[name]:
                _images(member, n, member["sample_test"], name)
        increasing(member, "sample_sizes", "threshold_sizes", "threshold_ratios")
        for n, ratio in itertools.product(member["threshold_sizes"], member["threshold_ratios"]):
            require(round(n * ratio) >= 1, f"threshold_ratios: {ratio} of n = {n} is a width of 0")


def iterated(members: Sequence[Mapping]) -> None:
    """Recorded steps lie within the training; what a way to train does not use is refused."""
    shared(members, ("dataset", "n"))
    for member in by_condition(members):
        _images(member, member["n"], member["test_size"])
        increasing(member, "widths")
        _iteration(member)


def _iteration(member: Mapping) -> None:
    who = f"condition {member['condition']}"
    n, batch = member["n"], member["batch_size"]
    exact = member["optimizer"] == "sgd" and member["loss"] == "mse" and not member["train_first_layer"]
    if member["train_first_layer"]:
        require(member["loss"] == "mse", f"{who}: loss = {member['loss']} must be mse with train_first_layer")
        require(batch >= n, f"{who}: batch_size = {batch} must be at least n = {n} with train_first_layer")
        kind, activation = member["normalisation"], member["activation"]
        require(kind == "standardised", f"{who}: normalisation = {kind} must be standardised with train_first_layer")
        require(
            activation in TRAINABLE,
            f"{who}: activation = {activation} must be one of {', '.join(TRAINABLE)} with train_first_layer",
        )
    if exact:
        require(
            member["momentum"] == 0, f"{who}: momentum = {member['momentum']} must be 0 for SGD on the squared loss"
        )
        return
    require(not member["rate_decay"], f"{who}: rate_decay is available for SGD on the squared loss only")
    steps = member["epochs"] * (1 if member["train_first_layer"] else -(-n // batch))
    _recorded(member, "record_steps", 0, steps, "the number of steps")


def _recorded(member: Mapping, name: str, first: int, last: int, what: str) -> None:
    at_least_one(member, name)
    increasing(member, name)
    for point in member[name]:
        require(
            first <= point <= last,
            f"condition {member['condition']}: {name} = {member[name]} must lie between {first} and {last}, {what}",
        )


def conditioning(members: Sequence[Mapping]) -> None:
    """Feature maps over the same draws; identities where their formulas hold."""
    shared(members, IDENTITIES)
    names = {member["condition"] for member in members}
    member = members[0]
    require(
        member["reference"] in names,
        f"reference = {member['reference']!r} must be one of the conditions {', '.join(sorted(names))}",
    )
    for each in by_condition(members):
        _images(each, each["n"], each["test_size"])
    n, rows = member["n"], member["gaussian_rows"]
    lists = ("aspect_ratios", "ols_widths", "curvature_dimensions", "curvature_horizons", "check_widths")
    at_least_one(member, *lists)
    increasing(member, *lists)
    for width in member["ols_widths"]:
        require(
            width <= n - 2, f"ols_widths: {width} must be at most n - 2 = {n - 2}, where the expected risk is finite"
        )
    for ratio in member["aspect_ratios"]:
        require(ratio != 1, "aspect_ratios: 1 is excluded, the condition number has no limit there")
        require(round(rows * ratio) >= 1, f"aspect_ratios: {ratio} of gaussian_rows = {rows} is a width of 0")
    require(
        member["ridge"] > 0, "ridge = 0 must be positive: the normal equations of wide models are singular without it"
    )


def two_layer(members: Sequence[Mapping]) -> None:
    """Members of one width are one program: the same images; blocks of pixels tile an image."""
    shared(members, ("dataset", "n", "test_size", "classes", "pool_size", "steps", "record_steps", "chunk"))
    member = members[0]
    _images(member, member["n"], member["test_size"])
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


def ridge(members: Sequence[Mapping]) -> None:
    """Simulated and exact risks on the same grid; test images left over from the pool."""
    no_conditions(members)
    member = members[0]
    at_least_one(member, "theorem_sizes")
    increasing(member, "ridges", "theorem_sizes")
    distinct(member, "ridges", digits=12)
    if member["trials"]:
        at_least_one(member, "k")
        increasing(member, "k")
    if member["image_trials"]:
        at_least_one(member, "image_k")
        increasing(member, "image_k")
        n, pool, total = member["n"], member["pool"], sum(_counts(member["dataset"]))
        require(pool <= total, f"pool = {pool} must be at most {total}, the number of images of {member['dataset']}")
        require(n < pool, f"n = {n} must be below pool = {pool}: the other images are the test set")


def deep(members: Sequence[Mapping]) -> None:
    """Networks on whole images of a data set."""
    no_conditions(members)
    member = members[0]
    shape, given = SHAPES[member["dataset"]], (member["channels"], member["side"])
    require(
        shape == given,
        f"channels = {given[0]} and side = {given[1]} must be {shape[0]} and {shape[1]}, those of {member['dataset']}",
    )
    total = sum(_counts(member["dataset"]))
    n, wanted = member["n"], max(member["test_size"], 1)
    require(
        n + wanted <= total, f"n + test_size = {n + wanted} must be at most {total}, the images of {member['dataset']}"
    )
    batch = member["batch_size"]
    last = n % batch or batch
    require(
        min(last, n) > 1 or member["side"] > 8,
        f"batch_size = {batch} leaves a batch of one image of n = {n}, which batch normalisation cannot normalise",
    )
    increasing(member, "widths")
    _recorded(member, "record_epochs", 1, member["epochs"], "the number of epochs")


def _images(member: Mapping, n: int, test: int, name: str = "n") -> None:
    """Classes that exist, and images enough."""
    counts, classes = _counts(member["dataset"]), member["classes"]
    for each in classes:
        require(each < len(counts), f"classes: {each} must be below {len(counts)}, the classes of {member['dataset']}")
    require(len(classes) != 1, f"classes = {classes} must be at least two, or empty for all")
    total = sum(counts[each] for each in classes) if classes else sum(counts)
    require(
        n + max(test, 1) <= total,
        f"{name}: {n} training and {max(test, 1)} test images are more than the {total} of {member['dataset']} in these classes",
    )


def _counts(name: str) -> list[int]:
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


def _no_name(member: Mapping, *taken: str) -> None:
    name = member["condition"]
    require(name not in taken, f"the condition {name!r} must have another name: results of its own have this one")


def _names(member: Mapping, *names: str) -> None:
    """Values by which solvers are named, with six digits."""
    for name in names:
        distinct(member, name, digits=6)
