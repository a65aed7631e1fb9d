"""Which settings go together: cross-conditions of each program, checked before anything is trained."""

from collections.abc import Mapping, Sequence

from verifig.planning.checks import require, shared

NO_NETWORK = ("random", "input_norm")  # scores that need no score network
ON_IMAGES = ("el2n", "grand", "random")
COMMON = ("dataset", "train_images", "label_noise", "width", "optimizer", "learning_rate", "momentum", "batch_size", "runs", "epochs", "score_epochs", "chunk")  # fmt: skip


def pruning(members: Sequence[Mapping]) -> None:
    """One set of scores for all choices, each of them within the examples and the scored epochs."""
    shared(members, (*COMMON, "steps"))
    _scoring(members[0])
    _choices(members, members[0]["train_images"])


def dynamics(members: Sequence[Mapping]) -> None:
    """Groups within the examples."""
    member = members[0]
    _scoring(member)
    groups, count = member["groups"], member["train_images"]
    require(groups == sorted(groups), f"groups = {groups} must increase")
    require(
        groups[-1] + member["group_size"] <= count,
        f"the last group begins at {groups[-1]} and has {member['group_size']} examples, more than train_images = {count} allow",
    )
    require(
        member["barrier_size"] <= count,
        f"barrier_size = {member['barrier_size']} must be at most train_images = {count}",
    )


def cifar(members: Sequence[Mapping]) -> None:
    """One set of scores for all choices, of those scores that this program has."""
    shared(members, ("label_noise", "runs", "score_sets", "score_epochs", "steps", "learning_rate", "batch_size"))
    _increasing(members[0])
    for member in members:
        require(
            member["score"] in ON_IMAGES, f"score = {member['score']} is not one of {', '.join(ON_IMAGES)} (of images)"
        )
    _choices(members, 50_000)


def _scoring(member: Mapping) -> None:
    """Score runs that reach the epochs at which they are scored, and have a batch."""
    _increasing(member)
    last = member["score_epochs"][-1]
    require(last <= member["epochs"], f"score_epochs up to {last} must be at most epochs = {member['epochs']}")
    require(
        member["batch_size"] <= member["train_images"],
        f"batch_size = {member['batch_size']} must be at most train_images = {member['train_images']}",
    )


def _increasing(member: Mapping) -> None:
    epochs = member["score_epochs"]
    require(epochs == sorted(epochs), f"score_epochs = {epochs} must increase")


def _choices(members: Sequence[Mapping], count: int) -> None:
    for member in members:
        name, kept = member["condition"], round(member["keep"] * count)
        if member["score"] not in NO_NETWORK:
            require(
                member["score_epoch"] in member["score_epochs"],
                f"score_epoch = {member['score_epoch']} ({name}) must be one of score_epochs = {member['score_epochs']}",
            )
        require(
            member["start"] + member["keep"] <= 1 + 1e-9,
            f"start + keep = {member['start'] + member['keep']:g} ({name}) must be at most 1",
        )
        require(
            round(member["start"] * count) + kept <= count,
            f"start and keep of {name} ask for more than the {count} examples",
        )
        require(
            member["batch_size"] <= kept,
            f"batch_size = {member['batch_size']} must be at most the {kept} examples that {name} keeps",
        )
