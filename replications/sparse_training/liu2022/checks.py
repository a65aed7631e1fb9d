"""Which settings go together, checked before anything is trained."""

from collections.abc import Mapping, Sequence

from replications.sparse_training.liu2022.shapes import perceptron, resnet
from replications.sparse_training.science.rules import RULES, Shapes
from verifig.ground.errors import InputError
from verifig.planning.checks import by_condition, require, shared

LENGTH = ("steps", "log_every", "chunk", "batch_size", "drops", "drop_factor", "hidden_layers")  # of the run


def networks(members: Sequence[Mapping]) -> None:
    """Scored positions are SNIP's; conditions are trained together; every rule can keep so few weights."""
    shared(members, LENGTH)
    for member in by_condition(members):
        require(
            member["positions"] == "random" or member["ratios"] == "snip",
            f"positions = {member['positions']} needs ratios = snip, not {member['ratios']}",
        )
        _possible(member["ratios"], perceptron(member["width"], member["hidden_layers"]), member["density"])


def images(members: Sequence[Mapping]) -> None:
    """Depths are 6n + 2; every rule can keep so few weights."""
    shared(members, ("epochs", "log_every", "dataset", "held_out"))
    for member in by_condition(members):
        _depth(member["depth"])
        _possible(member["ratios"], resnet(member["depth"], member["width"]), member["density"])


def layers(members: Sequence[Mapping]) -> None:
    """Depths are 6n + 2; every rule can keep so few weights."""
    settings = members[0]
    for depth in settings["depths"]:
        _depth(depth)
        for width in settings["widths"]:
            for density in settings["densities"]:
                for rule in RULES:
                    _possible(rule, resnet(depth, width), density)


def _depth(depth: int) -> None:
    require(depth % 6 == 2, f"depth = {depth} must be 6n + 2, such as 20, 32, 44, 56 or 110")


def _possible(rule: str, shapes: Shapes, density: float) -> None:
    try:
        if rule != "snip":
            RULES[rule](shapes, density)
    except ValueError as error:
        raise InputError(f"ratios = {rule}: {error}") from None
