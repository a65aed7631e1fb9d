"""Which settings go together: cross-conditions of each program, checked before anything is trained."""

import itertools
from collections.abc import Mapping, Sequence

from replications.double_descent.science import checks
from replications.double_descent.science.datasets import SHAPES
from verifig.planning.checks import at_least_one, increasing, no_conditions, require

two_layer = checks.two_layer


def sample_sizes(members: Sequence[Mapping]) -> None:
    """Images enough for every sample size, and a feature at least at every width."""
    no_conditions(members)
    member = members[0]
    at_least_one(member, "threshold_sizes", "threshold_ratios")
    for name in ("sample_sizes", "threshold_sizes"):
        for n in member[name]:
            checks.enough_images(member, n, member["sample_test"], name)
    increasing(member, "sample_sizes", "threshold_sizes", "threshold_ratios", "linear_sizes")
    for n in member["linear_sizes"]:
        width = member["linear_width"]
        require(
            abs(n - width) > 1,
            f"linear_sizes: {n} samples of linear_width = {width} features have an infinite mean risk; choose others",
        )
    for n, ratio in itertools.product(member["threshold_sizes"], member["threshold_ratios"]):
        require(round(n * ratio) >= 1, f"threshold_ratios: {ratio} of n = {n} is a width of 0")


def deep(members: Sequence[Mapping]) -> None:
    """Networks on whole images of a data set."""
    no_conditions(members)
    member = members[0]
    shape, given = SHAPES[member["dataset"]], (member["channels"], member["side"])
    require(
        shape == given,
        f"channels = {given[0]} and side = {given[1]} must be {shape[0]} and {shape[1]}, those of {member['dataset']}",
    )
    total = sum(checks.image_counts(member["dataset"]))
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
    checks.recorded(member, "record_epochs", 1, member["epochs"], "the number of epochs")
