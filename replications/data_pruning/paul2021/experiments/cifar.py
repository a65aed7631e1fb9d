"""The paper's own size: ResNet18 on CIFAR-10, scored by several runs and trained on a part of the images."""

from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import Tensor, nn

from replications.data_pruning.paul2021.experiments.digits import SLUG, noisy
from replications.data_pruning.paul2021.experiments.resnet import EVALUATION_BATCH, Convnet, resnet18
from replications.data_pruning.science import models, subsets
from verifig.training import archives
from verifig.training.ensemble import generator
from verifig.training.loop import train
from verifig.training.run import Run


def cifar(run: Run) -> dict[str, np.ndarray]:
    """`accuracy` [members] on the test images; `el2n` and `grand` [score sets, epochs, n], means over the runs of a set."""
    (images, labels), test = archives.archive(run.path("cifar10"), "cifar10")
    return pruned(run, (torch.from_numpy(images), torch.from_numpy(labels)), tuple(map(torch.from_numpy, test)))


def pruned(run: Run, data: tuple[Tensor, Tensor], test: tuple[Tensor, Tensor], network: Callable[[int], nn.Module] = resnet18) -> dict[str, np.ndarray]:  # fmt: skip
    """The same on images of one's own: uint8 [n, 3, side, side] and labels [n], for training and for testing."""
    settings, alone = run.settings, lambda member: (member["condition"], member["seed"])
    images, test = data[0].to(run.device), tuple(part.to(run.device) for part in test)
    own = [noisy(data[1], settings | {"seed": each}).to(run.device) for each in range(settings["score_sets"])]
    everything = torch.arange(len(images), device=run.device)
    per_epoch = len(images) // settings["batch_size"]
    scorers = [
        settings | {"condition": f"score {each}", "seed": r, "set": each, "names": ("score", each, r)}
        for each in range(settings["score_sets"])
        for r in range(settings["runs"])
    ]
    found = train(
        run,
        scorers,
        lambda part: Scored(part[0], images, own[part[0]["set"]], everything, network),
        max(settings["score_epochs"]) * per_epoch,
        [epoch * per_epoch for epoch in settings["score_epochs"]],
        signature=alone,
        name="score",
    )
    sets = {name: each.reshape(settings["score_sets"], settings["runs"], *each.shape[1:]).mean(1) for name, each in found.items()}  # fmt: skip
    members = [m | {"names": ("retrain", m["seed"]), "set": m["seed"] % m["score_sets"]} for m in run.members]
    records = train(
        run,
        members,
        lambda part: Pruned(part[0], images, own[part[0]["set"]], chosen(part[0], sets).to(run.device), network, test),
        settings["steps"],
        [settings["steps"]],
        signature=alone,
        name="retrain",
    )
    wrong = np.stack([(labels.cpu() != data[1]).numpy() for labels in own])
    return sets | {"accuracy": records["accuracy"][:, -1], "wrong": wrong, "epochs": np.array(settings["score_epochs"])}


def chosen(member: Mapping, sets: Mapping[str, np.ndarray]) -> Tensor:
    """The images that a member trains on, as increasing indices."""
    values = np.zeros(sets["el2n"].shape[-1])
    if member["score"] != "random":
        place = member["score_epochs"].index(member["score_epoch"])
        values = sets[member["score"]][member["set"], place]
    stream = generator(SLUG, "ties", member["draw"], member["seed"])
    return subsets.window(torch.from_numpy(values), member["start"], member["keep"], stream)


class Scored(Convnet):
    """A network whose images are scored, without crops and flips and with the running statistics."""

    def record(self) -> dict[str, Tensor]:
        """Scores of all images [1, n]."""
        size = self.member["gradients"]
        loader = [(self.scaled(i), y) for i, y in zip(self.images.split(size), self.labels.split(size), strict=True)]  # fmt: skip
        scores = {"el2n": models.el2n, "grand": models.grand}
        return {name: score(self.network, loader)[None] for name, score in scores.items()}


class Pruned(Convnet):
    """A network that is tested."""

    def __init__(self, member, images, labels, rows, network, test: tuple[Tensor, Tensor]):
        super().__init__(member, images, labels, rows, network)
        self.test = test

    @torch.no_grad()
    def record(self) -> dict[str, Tensor]:
        """Accuracy on the test images [1]."""
        self.network.eval()
        parts = [self.network(self.scaled(part)) for part in self.test[0].split(EVALUATION_BATCH)]
        return {"accuracy": (torch.cat(parts).argmax(1) == self.test[1]).double().mean()[None]}
