"""Which settings go together: cross-conditions of each program, checked before anything is trained."""

from collections.abc import Mapping, Sequence

from verifig.planning.checks import by_condition, distinct, increasing, no_conditions, require, shared

SHAPE = ("modulus", "width", "steps", "log_every", "dtype", "optimizer", "prune_shares", "random_orders")


def corrupted(members: Sequence[Mapping]) -> None:
    """One program for all conditions; each has pairs to train on and to test on."""
    shared(members, SHAPE)
    for member in by_condition(members):
        _split(member["modulus"], member["train_fraction"])
        increasing(member, "prune_shares")


def grid(members: Sequence[Mapping]) -> None:
    """Every entry of the grid has pairs to train on and to test on."""
    no_conditions(members)
    member = members[0]
    increasing(member, "weight_decays", "train_fractions", "corruptions")
    distinct(member, "weight_decays", "train_fractions", "corruptions")
    for fraction in member["train_fractions"]:
        _split(member["modulus"], fraction)


def analytic(members: Sequence[Mapping]) -> None:
    """Odd moduli: with an even one a wave of p / 2 has no phase."""
    no_conditions(members)
    member = members[0]
    increasing(member, "moduli", "widths")
    for p in member["moduli"]:
        require(p % 2 == 1, f"moduli: {p} must be odd")


def _split(p: int, fraction: float) -> None:
    size = int(fraction * p * p)
    require(0 < size < p * p, f"train_fraction = {fraction:g} leaves no pair modulo {p} to train or to test on")
