"""Which settings go together: cross-conditions of each program, checked before anything is trained."""

from collections.abc import Mapping, Sequence

from replications.noisy_labels.liu2020.closed_form import separability_threshold
from verifig.planning.checks import increasing, no_conditions, require, shared

IMAGES = {"mnist_5k": 5000, "cifar10": 50000}  # the images that training images are drawn from
SIDE = 28


def theorem(members: Sequence[Mapping]) -> None:
    """No conditions, and a wrong label at least."""
    no_conditions(members)
    _wrong_ones(members[0]["n"], members[0]["wrong"])


def laws(members: Sequence[Mapping]) -> None:
    """Multiples in order, and two dimensions at least."""
    no_conditions(members)
    member = members[0]
    increasing(member, "multiples")
    for aspect in (member["aspect"], *member["aspects"]):
        _dimensions(member["n"], aspect, "aspects")
    for wrong in (member["wrong"], *member["shares"]):
        _wrong_ones(member["n"], wrong)


def separability(members: Sequence[Mapping]) -> None:
    """Multiples in order, and two dimensions at least."""
    no_conditions(members)
    member = members[0]
    increasing(member, "multiples")
    for wrong in member["shares"]:
        _dimensions(member["n"], member["multiples"][0] * separability_threshold(wrong, member["sigma"]), "multiples")


def _dimensions(n: int, aspect: float, name: str) -> None:
    require(round(n * aspect) >= 2, f"{name}: p / n = {aspect:.3g} of n = {n} is a dimension below 2")


def _wrong_ones(n: int, wrong: float) -> None:
    require(round(n * wrong) >= 1, f"a share of {wrong} of n = {n} labels is none")


def linear(members: Sequence[Mapping]) -> None:
    """One size and length in all conditions."""
    shared(members, ("n", "p", "wrong", "learning_rate", "steps", "log_points", "chunk"))
    _wrong_ones(members[0]["n"], members[0]["wrong"])


def images(members: Sequence[Mapping]) -> None:
    """One data set, size and length in all conditions; images enough for training and test."""
    names = ("dataset", "pool_size", "n", "test_size", "hidden", "batch_size", "epochs", "record_epochs", "chunk")
    shared(members, (*names, "optimizer"))
    for member in members:
        require(member["dataset"] == "mnist_5k", "dataset must be mnist_5k; cifar10 is for the program resnet")
        used, total = member["n"] + member["test_size"], IMAGES[member["dataset"]]
        require(used <= total, f"n + test_size = {used} must be at most {total}, the images of {member['dataset']}")
        require(
            member["batch_size"] <= member["n"],
            f"batch_size = {member['batch_size']} must be at most n = {member['n']}",
        )
        require(SIDE % member["pool_size"] == 0, f"pool_size = {member['pool_size']} must divide {SIDE}")


def resnet(members: Sequence[Mapping]) -> None:
    """Images of CIFAR-10, and the learning rate's epochs in order."""
    shared(members, ("dataset", "n", "batch_size", "epochs", "record_epochs"))
    for member in members:
        require(member["dataset"] == "cifar10", "dataset must be cifar10, whose shape the network has")
        require(member["n"] <= IMAGES["cifar10"], f"n = {member['n']} must be at most {IMAGES['cifar10']}")
        increasing(member, "decay_epochs")
