"""Lottery tickets by iterative magnitude pruning, from an initial and from a distilled encoder (Figure 8)."""

import functools

import numpy as np
import torch
from torch import Tensor

from replications.random_teachers.sarnthein2023.experiments.finetuning import (
    Classifier,
    Finetuning,
    State,
    Training,
    starts,
)
from verifig.training.run import Run


def prune(weights: Tensor, mask: Tensor, share: float) -> Tensor:
    """Take away the smallest `share` of the weights that are left, globally: [P], [P] -> new mask [P].

    The released code prunes every parameter: also biases, norm scales and the classifier.
    """
    left = mask.bool()
    count = round(share * int(left.sum()))
    magnitude = torch.where(left, weights.abs(), torch.inf)
    smaller = mask.clone()
    smaller[magnitude.argsort(stable=True)[:count]] = 0
    return smaller


def tickets(run: Run) -> dict[str, np.ndarray]:
    """Every arm (start x rewinding epoch) x seed: remaining share and accuracy by round, [members, rounds + 1]."""
    arms = [
        _arm(Finetuning(run, f"arm {number}", member), start)
        for number, (member, start) in enumerate(zip(run.members, starts(run), strict=True))
    ]
    return {field: np.stack([arm[field] for arm in arms]) for field in arms[0]}


def _arm(tuning: Finetuning, start: State) -> dict[str, np.ndarray]:
    """Rounds of training, pruning and rewinding to where `rewind_epochs` of training led (0: the start itself)."""
    member = tuning.member
    if member["rewind_epochs"]:
        found = tuning.train("rewind", start, [lambda classifier: Training(classifier, 0)], member["rewind_epochs"])
        start = {field: values[0] for field, values in found.items()}
    rounds, left = [], None
    for number in range(member["rounds"] + 1):
        program = functools.partial(Round, share=member["prune_share"], left=left)
        found = tuning.train(f"round {number}", start, [program], member["finetune_epochs"])
        rounds.append(found)
        left = found["left"][0]
    return {field: np.array([float(found[field][0]) for found in rounds]) for field in ("accuracy", "remaining")}


class Round(Training):
    """Training under a mask, which is pruned after it.

    Its accuracy is that of its best epoch (the paper's number), measured whenever the next one begins and at the end.

    Args:
        share: of the weights left that is pruned.
        left: the mask, as bits in bytes; None: all weights are left.
    """

    def __init__(self, classifier: Classifier, share: float, left: np.ndarray | None):
        mask = classifier.weights.float()
        if left is not None:
            mask.copy_(torch.from_numpy(np.unpackbits(left, count=len(mask))))
        super().__init__(classifier, 1, mask)
        self.share, self.best = share, torch.zeros(1, dtype=torch.float64)
        self.tensors["best"] = self.best

    def prepare(self, step: int) -> int:
        """Also measures after every epoch but the last."""
        if step and step % self.batches.per_epoch == 0:
            self._measure()
        return super().prepare(step)

    def _measure(self) -> None:
        self.best.clamp_(min=1 - self.classifier.error())
        self.classifier.model.train()

    def record(self) -> dict[str, Tensor]:
        """At the end: accuracy [1], share of the weights that were left [1], and the next mask as bits in bytes [1, ...]."""
        self._measure()
        smaller = prune(self.flat[0], self.mask, self.share).bool().cpu()
        return {
            "accuracy": self.best,
            "remaining": self.mask[self.classifier.weights].mean()[None],
            "left": torch.from_numpy(np.packbits(smaller.numpy()))[None],
        }
