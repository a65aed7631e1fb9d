"""How fast groups of examples move the network's tangent kernel, and error barriers between runs that part at some epoch."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from replications.data_pruning.paul2021.experiments import digits
from replications.data_pruning.paul2021.experiments.digits import CLASSES, SLUG, Digits
from replications.data_pruning.paul2021.experiments.networks import Networks
from replications.data_pruning.paul2021.experiments.scoring import score
from replications.data_pruning.science import dynamics as science
from replications.data_pruning.science import subsets
from verifig.training.ensemble import MLP, generator
from verifig.training.loop import train
from verifig.training.run import Run

GROUPS = ("bottom", "random", "top")  # of examples on which barriers are measured
NEVER = 10**9  # the epoch of a parent's parting


def dynamics(run: Run) -> dict[str, np.ndarray]:
    """Parents and their children, by seed.

    Returns:
        `velocity` [seeds, groups, epochs]: 1 - cosine between the kernels of a group before and after an epoch; `groups`,
        the place in score order at which each begins; `barrier` [seeds, spawns, 3] on the lowest, random and highest
        examples; `spawns`; `accuracy` [seeds] of the parents on the test images at the end.
    """
    settings, members, data = run.settings, run.members, digits.load(run.settings)
    scored = score(run, settings, settings["seeds"], data)
    labels = torch.from_numpy(scored["labels"])
    orders = [
        subsets.ascending(torch.from_numpy(values), generator(SLUG, "ties", 0, seed))
        for seed, values in enumerate(scored["el2n"][:, -1])
    ]
    per_epoch = len(data.labels) // settings["batch_size"]
    steps = settings["parent_epochs"] * per_epoch

    def weights(name: str, rows: list[dict], log_at: Sequence[int]) -> Tensor:
        make = lambda part: Family(part, data, labels, steps, run.device)  # noqa: E731
        return torch.from_numpy(train(run, rows, make, steps, log_at, chunk=settings["chunk"], name=name)["weights"])

    parents = weights("parents", [family(m, NEVER, 0) for m in members], range(0, steps + 1, per_epoch))
    spawns, barriers = settings["spawns"], np.zeros((len(members), len(settings["spawns"]), len(GROUPS)))
    if spawns:
        rows = [family(m, parting, child) for m in members for parting in spawns for child in (0, 1)]
        children = weights("children", rows, [steps]).view(len(members), len(spawns), 2, -1)
        for seed, place in np.ndindex(len(members), len(spawns)):
            barriers[seed, place] = barriers_of(members[seed], children[seed, place], data, orders[seed], labels[seed])
    found = [velocities(settings, path, data.images[order]) for path, order in zip(parents, orders, strict=True)]
    return {
        "velocity": np.stack(found),
        "barrier": barriers,
        "groups": np.array(settings["groups"]),
        "spawns": np.array(spawns, int),
        "accuracy": accuracy(settings, parents[:, -1], data),
    }


def family(member: Mapping, parting: int, child: int) -> dict:
    """A run that sees the batches of its parent up to the epoch `parting`, and from then on its own."""
    return member | {
        "names": ("dynamics", member["seed"]),
        "parting": parting,
        "child": child,
        "learning_rate": member["parent_learning_rate"],
    }


class Family(Networks):
    """Parents and children, all on every example."""

    def __init__(self, members: Sequence[Mapping], data: Digits, labels: Tensor, steps: int, device: torch.device):
        everything = torch.arange(len(data.labels)).expand(len(members), -1).contiguous()
        own = labels[[each["seed"] for each in members]]
        super().__init__(members, data.images, everything, own, steps, device)

    def order(self, member: Mapping, epoch: int) -> tuple:
        """That of the parent until the runs part."""
        own = () if epoch < member["parting"] else ("child", member["parting"], member["child"])
        return (*super().order(member, epoch), *own)

    def record(self) -> dict[str, Tensor]:
        """All weights [K, P]."""
        return {"weights": self.tensors["weights"]}


def views(member: Mapping, flat: Tensor, pixels: int) -> dict[str, Tensor]:
    """Weights by name, [K, ...], of flat ones [K, P]."""
    return MLP([pixels, member["width"], CLASSES], 1, bias=True).parameters.split(flat)


def outputs(member: Mapping, flat: Tensor, images: Tensor) -> Tensor:
    """Outputs [K, n, 10] of networks with weights [K, P] on images [n, D]."""
    part = views(member, flat, images.shape[-1])
    return (images @ part["w1"] + part["b1"]).relu() @ part["w2"] + part["b2"]


def velocities(member: Mapping, path: Tensor, ordered: Tensor) -> np.ndarray:
    """Kernel velocities [groups, epochs] along the weights of a run [epochs + 1, P].

    Args:
        ordered: training images by increasing score; a group is `group_size` consecutive ones.
    """
    result = []
    for first in member["groups"]:
        inputs = ordered[first : first + member["group_size"]].double()
        part = views(member, path.double(), inputs.shape[-1])
        kernels = science.relu_kernel(inputs, part["w1"], part["b1"], part["w2"])
        result.append(science.kernel_velocity(kernels[:-1], kernels[1:]).numpy())
    return np.stack(result)


def barriers_of(member: Mapping, pair: Tensor, data: Digits, order: Tensor, labels: Tensor) -> list[float]:
    """Error barriers between two children [2, P] on the lowest, random and highest `barrier_size` examples."""
    size = member["barrier_size"]
    shuffled = torch.randperm(len(order), generator=generator(SLUG, "barrier", member["seed"]))
    line = torch.stack([pair[0], pair.mean(0), pair[1]])
    wrong = outputs(member, line, data.images).argmax(-1) != labels
    chosen = dict(zip(GROUPS, (order[:size], shuffled[:size], order[-size:]), strict=True))
    return [science.barrier(*wrong[:, chosen[group]].double().mean(1)).item() for group in GROUPS]


def accuracy(member: Mapping, flat: Tensor, data: Digits) -> np.ndarray:
    """Accuracy on the test images [K] of networks with weights [K, P]."""
    return (1 - science.error_rate(outputs(member, flat, data.test_images), data.test_labels)).numpy()
