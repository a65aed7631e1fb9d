"""Which settings go together: cross-conditions of each program, checked before anything is trained."""

from collections.abc import Mapping, Sequence

from verifig.planning.checks import by_condition, increasing, require, shared

IMAGES = {"mnist_5k": (5000, 28), "digits": (1797, 8)}  # number, side
NETWORK = ("images", "width", "hidden_layers", "pool", "test_size", "rounds")


def perceptron(members: Sequence[Mapping]) -> None:
    """Batches fit into the powers of two that are looked at together."""
    shared(members, ("rounds",))
    for member in by_condition(members):
        increasing(member, "sizes", "alphas", "temperatures")
        batch = member["batch"]
        require(batch & (batch - 1) == 0, f"batch = {batch} must be a power of two")
        for size in member["sizes"]:
            require(size & (size - 1) == 0, f"sizes: {size} must be a power of two")


def network(members: Sequence[Mapping]) -> None:
    """One architecture for all conditions, and images left to test on."""
    shared(members, NETWORK)
    for member in by_condition(members):
        increasing(member, "sizes", "alphas", "temperatures")
        largest, test, pool = max(member["sizes"]), member["test_size"], member["pool"]
        count, side = IMAGES[member["images"]]
        require(largest + test <= count, f"sizes: {largest} and test_size = {test} are more than the {count:,} images")
        require(side % pool == 0, f"pool = {pool} must divide the side of the images, {side}")
