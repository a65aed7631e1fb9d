"""Random search for a sub-network before training: masks of hidden units, the loss at initialisation as the score."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from replications.sparse_training.science import digits, masks, rules
from replications.sparse_training.science.masked import Masked, Sets, Start, he_weights, sparse_start
from verifig.training.ensemble import generator
from verifig.training.loop import train
from verifig.training.run import Run

PAPER = "farahani2024"
Picks = dict[str, int]


def search(run: Run) -> dict[str, np.ndarray]:
    """Candidates of every condition x seed are scored, the picked one is trained.

    Returns:
        records of `Masked` [members, points], `steps` [points], of each member's candidates the loss on the scored
        examples `scores` [members, candidates] and the number of the one that was trained, `picked` [members].
    """
    s = run.settings
    sets = digits.split()
    found = run.once("candidates", lambda: _scores(run, sets))
    picked = zip(run.members, found["picked"], strict=True)
    starts = {_name(member): candidate(member, whole(member), int(number)) for member, number in picked}
    points = sorted({step for step in s["record_at"] if step <= s["steps"]})
    records = train(
        run,
        run.members,
        lambda members: Masked(members, [starts[_name(m)] for m in members], sets, run.device),
        s["steps"],
        points,
        signature=lambda m: (m["kind"], m["width"], m["keep"], m["hidden_layers"]),
        chunk=s["chunk"],
    )
    return records | found | {"steps": np.array(points)}


def whole(member: Mapping) -> list[Tensor]:
    """Weights [fan_in, fan_out] by layer of the network that all candidates of a member's seed are part of."""
    sizes = [digits.INPUTS, *[member["width"]] * member["hidden_layers"], digits.CLASSES]
    return he_weights(sizes, generator(PAPER, "weights", member["width"], member["seed"]))


def candidate(member: Mapping, weights: Sequence[Tensor], number: int) -> Start:
    """Sub-network `number` of a whole network.

    nodes: `keep` units of every hidden layer, a small network with the weights between them as they are.
    weights: random positions with ERK densities, weights divided by the root of the layer's density.
    whole: the network itself.
    """
    stream = generator(PAPER, "candidate", member["kind"], member["seed"], number)
    if member["kind"] == "nodes":
        hidden = [weight.shape[1] for weight in weights[:-1]]
        return Start(masks.subnetwork(weights, masks.nodes(hidden, member["keep"], stream)))
    if member["kind"] == "weights":
        shapes = {f"w{layer}": tuple(weight.shape) for layer, weight in enumerate(weights, start=1)}
        kept = rules.erdos_renyi_kernel(shapes, member["density"])
        return sparse_start(weights, list(masks.draw(shapes, kept, stream).values()), rescale=True)
    return Start(weights)


def pick(scores: Tensor, rule: str) -> int:
    """Number of the candidate that a rule picks by the losses [candidates]; `first` and `second` are random ones."""
    return {"first": 0, "second": 1, "best": int(scores.argmin()), "worst": int(scores.argmax())}[rule]


def _name(member: Mapping) -> tuple:
    return member["condition"], member["seed"]


def _scores(run: Run, sets: Sets) -> dict[str, np.ndarray]:
    """Losses of all candidates and which is picked, by member; equal candidates are scored once."""
    known: dict[tuple, Tensor] = {}
    rows, picked = [], []
    for member in run.members:
        key = tuple(member[name] for name in ("kind", "seed", "keep", "density", "width", "candidates", "warm_up"))
        if key not in known:
            known[key] = score(member, sets, run.device)
        rows.append(known[key].numpy())
        picked.append(pick(known[key], member["picks"]))
    return {"scores": _padded(rows), "picked": np.array(picked)}


def score(member: Mapping, sets: Sets, device: torch.device) -> Tensor:
    """Losses [candidates] on the first `scored` training examples, after `warm_up` steps of training (0: as they are)."""
    count, weights = member["candidates"], whole(member)
    starts = [candidate(member, weights, number) for number in range(count)]
    program = Masked([member] * count, starts, sets, device)
    for step in range(member["warm_up"]):
        program.prepare(step)
        program.step()
    images, labels = (part[: member["scored"]] for part in (program.images, program.labels))
    return program.losses(images, labels).cpu()


def _padded(rows: Sequence[np.ndarray]) -> np.ndarray:
    """Rows of different lengths as one array, NaN at the end."""
    result = np.full((len(rows), max(map(len, rows))), np.nan)
    for target, row in zip(result, rows, strict=True):
        target[: len(row)] = row
    return result
