"""Which settings go together: cross-conditions of each program, checked before anything is trained."""

from collections.abc import Mapping, Sequence

from verifig.planning.checks import by_condition, distinct, increasing, no_conditions, require, shared

# of each data set: classes, features, samples to fit a representation on, samples to draw from
DATASETS = {"mnist_5k": (10, 784, 2500, 1250), "digits": (10, 64, 0, 1078), "breast_cancer": (2, 30, 0, 341)}


def identities(members: Sequence[Mapping]) -> None:
    """One run, numbers of classes in order."""
    no_conditions(members)
    increasing(members[0], "classes_list")


def sample_sizes(members: Sequence[Mapping]) -> None:
    """Dimensions in order, as many samples as the grid begins with."""
    for member in by_condition(members):
        increasing(member, "dimensions")
        first = 2 * member["classes"]
        require(
            first <= member["dimensions"][0],
            f"dimensions: its first entry {member['dimensions'][0]} must be at least {first}, twice the classes",
        )


def features(members: Sequence[Mapping]) -> None:
    """Sample sizes in order and within the pool; representations that the data set has samples for; perceptrons alike."""
    shared(members, ("width", "epochs", "batch_size", "optimizer", "learning_rate", "chunk"))
    for member in by_condition(members):
        increasing(member, "sizes", "strengths")
        distinct(member, "strengths")
        classes, count, fit, pool = DATASETS[member["dataset"]]
        sizes, representation = member["sizes"], member["representation"]
        require(
            2 * classes <= sizes[0] and sizes[-1] <= pool,
            f"sizes = {sizes} must lie between {2 * classes}, twice the classes, and {pool}, the samples to draw from",
        )
        require(
            fit > 0 or representation == "raw",
            f"representation = {representation} must be raw for dataset = {member['dataset']}, which has no samples to fit it on",
        )
        require(
            representation != "pca" or member["components"] <= count,
            f"components = {member['components']} must be at most {count}, the features of {member['dataset']}",
        )
        require(
            fit == 0 or member["batch_size"] <= fit,
            f"batch_size = {member['batch_size']} must be at most {fit}, the samples to fit on",
        )
    used = {member["dataset"] for member in members if member["representation"] == "supervised"}
    require(
        len(used) <= 1, f"dataset must be one for all supervised representations: {' and '.join(sorted(used))} are not"
    )
