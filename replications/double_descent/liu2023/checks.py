"""Which settings go together: cross-conditions of each program, checked before anything is trained."""

import importlib.util
from collections.abc import Mapping, Sequence

from replications.double_descent.science import checks
from verifig.planning.checks import at_least_one, by_condition, distinct, increasing, no_conditions, require, shared

WRITTEN_OUT = (6, 10)  # points of the minimal example that do not need scikit-learn
TRAINABLE = ("tanh", "relu", "linear")  # activations whose gradient is written out
IDENTITIES = (
    "kappa_draws", "gaussian_rows", "gaussian_draws", "aspect_ratios", "ols_widths", "ols_draws", "curvature_rows",
    "curvature_dimensions", "curvature_horizons", "curvature_draws", "curvature_rate", "check_seeds", "check_widths",
    "check_steps", "ridge", "reference", "dataset", "n",
)  # fmt: skip

two_layer = checks.two_layer


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
    """Images enough for training and test, and solvers with names of their own."""
    shared(members, ("dataset", "n"))
    for member in by_condition(members):
        checks.enough_images(member, member["n"], member["test_size"])
        increasing(member, "widths")
        _names(member, "horizons", "relative_rates", "learning_rates", "momenta", "momentum_horizons", "output_scales")
        _names(member, "noise_levels", "noise_horizons")
        base, levels = member["label_noise"], member["noise_levels"]
        require(
            base in levels or f"{base:g}" not in {f"{level:g}" for level in levels},
            f"noise_levels = {levels} must differ from label_noise = {base} in their first 6 digits",
        )


def iterated(members: Sequence[Mapping]) -> None:
    """Recorded steps lie within the training; what a way to train does not use is refused."""
    shared(members, ("dataset", "n"))
    for member in by_condition(members):
        checks.enough_images(member, member["n"], member["test_size"])
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
    checks.recorded(member, "record_steps", 0, steps, "the number of steps")


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
        checks.enough_images(each, each["n"], each["test_size"])
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


def _names(member: Mapping, *names: str) -> None:
    """Values by which solvers are named, with six digits."""
    for name in names:
        distinct(member, name, digits=6)
