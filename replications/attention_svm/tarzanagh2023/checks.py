"""Which settings go together: cross-conditions of each program, checked before anything is trained."""

from collections.abc import Mapping, Sequence

from verifig.planning.checks import by_condition, increasing, no_conditions, require, shared

PICTURES = ("two_clouds", "one_against_cloud")


def _layer(members: Sequence[Mapping]) -> None:
    """What every trained experiment needs: data whose scores can be made equal, and room to separate."""
    for member in by_condition(members):
        require(
            not member["equal_scores"] or member["data"] != "relu",
            f"condition {member['condition']}: equal_scores needs a linear head, data = relu has another",
        )
        require(
            member["data"] not in PICTURES or (member["inputs"], member["dimension"]) == (2, 2),
            f"condition {member['condition']}: data = {member['data']} has inputs = 2 and dimension = 2",
        )


def _separable(members: Sequence[Mapping]) -> None:
    """That the machine of any tokens has a solution, almost surely."""
    for member in by_condition(members):
        least = max(member["inputs"], member["tokens"] - 1)
        require(
            member["dimension"] >= least,
            f"condition {member['condition']}: dimension = {member['dimension']} must be at least {least}, the larger of "
            "inputs and tokens - 1: else the selected tokens may not be separable",
        )


def local(members: Sequence[Mapping]) -> None:
    """All members have one shape, and are judged within their steps."""
    shared(members, ("data", "inputs", "tokens", "dimension", "steps", "judged_steps", "curve_points"))
    _layer(members)
    _separable(members)
    for member in by_condition(members):
        require(member["data"] != "relu", "data = relu has no scores of single tokens that controls could be made of")
        increasing(member, "judged_steps")


def selection(members: Sequence[Mapping]) -> None:
    """Linear heads alone."""
    shared(members, ("steps",))
    _layer(members)
    for member in by_condition(members):
        require(member["data"] != "relu", f"condition {member['condition']}: data = relu is that of the program multi")


def multi(members: Sequence[Mapping]) -> None:
    """Nonlinear heads alone; the probabilities that are neither kept nor dropped lie in between."""
    shared(members, ("steps", "kept_from", "dropped_below"))
    _layer(members)
    for member in by_condition(members):
        require(member["data"] == "relu", f"condition {member['condition']}: data = {member['data']} must be relu")
        low, high = member["dropped_below"], member["kept_from"]
        require(low <= high, f"dropped_below = {low} must be at most kept_from = {high}")
        require(high * member["tokens"] <= 1, f"kept_from = {high} must be at most 1 / tokens, so that a token is kept")


def ranks(members: Sequence[Mapping]) -> None:
    """Data sets of the sphere, in cells of their own; those of the nuclear norm are far from having no solution."""
    no_conditions(members)
    member = members[0]
    require(member["data"] == "sphere", f"data = {member['data']} must be sphere")
    increasing(member, "input_sizes", "dimensions")
    cells = [tuple(cell) for cell in member["nuclear_cells"]]
    require(len(set(cells)) == len(cells), f"nuclear_cells = {member['nuclear_cells']} must be different pairs")
    for n, d in cells:
        require(
            d >= min(n, 10) and d >= member["tokens"] - 1,
            f"nuclear_cells: n = {n}, d = {d} must have d of at least min(n, 10) and tokens - 1: else draws are close to having no solution",
        )


def paths(members: Sequence[Mapping]) -> None:
    """One draw of each picture."""
    shared(members, ("inputs", "dimension", "steps", "judged_steps", "curve_points"))
    _layer(members)
    for member in by_condition(members):
        require(
            member["data"] in PICTURES, f"condition {member['condition']}: data = {member['data']} must be a picture"
        )
        increasing(member, "judged_steps")
