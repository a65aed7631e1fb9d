"""Which settings go together: cross-conditions of each program, checked before anything is trained."""

from collections.abc import Mapping, Sequence

from verifig.planning.checks import increasing, no_conditions, require, shared

IMAGES = {"mnist_5k": 5000, "cifar10": 50000}  # the images that training images are drawn from
SIDE = 28


def theorem(members: Sequence[Mapping]) -> None:
    """No conditions."""
    no_conditions(members)


def laws(members: Sequence[Mapping]) -> None:
    """Multiples in order, on both sides of the threshold."""
    no_conditions(members)
    increasing(members[0], "multiples")


def separability(members: Sequence[Mapping]) -> None:
    """Multiples in order."""
    no_conditions(members)
    increasing(members[0], "multiples")


def linear(members: Sequence[Mapping]) -> None:
    """One size and length in all conditions."""
    shared(members, ("n", "p", "wrong", "learning_rate", "steps", "log_points", "chunk"))


def images(members: Sequence[Mapping]) -> None:
    """One data set, size and length in all conditions; images enough for training and test."""
    names = ("dataset", "pool_size", "n", "test_size", "hidden", "batch_size", "epochs", "record_epochs", "chunk")
    shared(members, (*names, "optimizer"))
    for member in members:
        require(member["dataset"] == "mnist_5k", "dataset must be mnist_5k; cifar10 is for the program resnet")
        used, total = member["n"] + member["test_size"], IMAGES[member["dataset"]]
        require(used <= total, f"n + test_size = {used} must be at most {total}, the images of {member['dataset']}")
        require(SIDE % member["pool_size"] == 0, f"pool_size = {member['pool_size']} must divide {SIDE}")


def resnet(members: Sequence[Mapping]) -> None:
    """Images of CIFAR-10, and the learning rate's epochs in order."""
    shared(members, ("dataset", "n", "batch_size", "epochs", "record_epochs"))
    for member in members:
        require(member["dataset"] == "cifar10", "dataset must be cifar10, whose shape the network has")
        require(member["n"] <= IMAGES["cifar10"], f"n = {member['n']} must be at most {IMAGES['cifar10']}")
        increasing(member, "decay_epochs")
