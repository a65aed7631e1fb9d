"""Score networks: several independent runs a seed on all training examples, scored at named epochs."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from replications.data_pruning.paul2021.experiments.digits import SLUG, Digits, noisy
from replications.data_pruning.paul2021.experiments.networks import Networks
from replications.data_pruning.science import scores
from verifig.training.ensemble import generator
from verifig.training.loop import train
from verifig.training.run import Run


def score(run: Run, settings: Mapping, seeds: int, data: Digits) -> dict[str, np.ndarray]:
    """Scores of all training examples by seed, epoch and example, means over the runs of a seed but where said.

    Args:
        settings: `runs` networks a seed, `epochs` of training, `score_epochs` at which to score, and those of the networks.

    Returns:
        `el2n`, `grand` and `forgetting` [seeds, epochs, n]; `el2n_single`, of the first run alone; `el2n_shuffled`, by
        shuffled labels; `labels` [seeds, n], those trained on; `epochs`, those scored at.
    """
    settings = {name: value for name, value in settings.items() if name != "conditions"}
    members = [
        settings | {"seed": s, "run": r, "names": ("score", s, r)}
        for s in range(seeds)
        for r in range(settings["runs"])
    ]
    steps = settings["epochs"] * (len(data.labels) // settings["batch_size"])
    per_epoch = steps // settings["epochs"]
    records = train(
        run,
        members,
        lambda chosen: Scored(chosen, data, steps, run.device),
        max(settings["score_epochs"]) * per_epoch,
        [epoch * per_epoch for epoch in settings["score_epochs"]],
        chunk=settings["runs"],
        name="score",
    )
    by_seed = {name: values.reshape(seeds, settings["runs"], *values.shape[1:]) for name, values in records.items()}
    found = {name: values.mean(1) for name, values in by_seed.items()}
    labels = np.stack([noisy(data.labels, settings | {"seed": seed}).numpy() for seed in range(seeds)])
    return found | {
        "el2n_single": by_seed["el2n"][:, 0],
        "labels": labels,
        "epochs": np.array(settings["score_epochs"]),
    }


class Scored(Networks):
    """Networks that note, at every visit of an example, whether they are right about it."""

    def __init__(self, members: Sequence[Mapping], data: Digits, steps: int, device: torch.device):
        count = len(data.labels)
        own = {each["seed"]: noisy(data.labels, each) for each in members}
        labels = torch.stack([own[each["seed"]] for each in members])
        everything = torch.arange(count).expand(len(members), -1).contiguous()
        super().__init__(members, data.images, everything, labels, steps, device)
        drawn = {seed: torch.randperm(count, generator=generator(SLUG, "shuffled", seed)) for seed in own}
        self.shuffled = torch.stack([own[each["seed"]][drawn[each["seed"]]] for each in members]).to(device)
        nothing = torch.zeros_like(self.labels, dtype=torch.bool)
        self.tensors |= {"right": nothing, "learned": nothing.clone(), "forgotten": torch.zeros_like(self.labels)}

    def see(self, outputs: Tensor, rows: Tensor, labels: Tensor) -> None:
        """Count changes from right to wrong since the last visit."""
        right, learned, forgotten = (self.tensors[name] for name in ("right", "learned", "forgotten"))
        now = outputs.argmax(-1) == labels
        forgotten.scatter_(1, rows, forgotten.gather(1, rows) + (right.gather(1, rows) & ~now))
        learned.scatter_(1, rows, learned.gather(1, rows) | now)
        right.scatter_(1, rows, now)

    def record(self) -> dict[str, Tensor]:
        """Scores of all examples [K, n]."""
        weights, biases = self.layers()
        el2n, grand = scores.perceptron_scores(weights, biases, self.images, self.labels)
        shuffled = scores.el2n(self.model(self.images), self.shuffled)
        forgotten = self.tensors["forgotten"].float().masked_fill(~self.tensors["learned"], torch.inf)
        return {"el2n": el2n, "grand": grand, "el2n_shuffled": shuffled, "forgetting": forgotten}
