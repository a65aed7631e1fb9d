"""Training on a part of the examples, chosen by a score: every condition is one choice, with as many steps as the others."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from replications.data_pruning.paul2021.experiments import digits
from replications.data_pruning.paul2021.experiments.digits import SLUG, Digits
from replications.data_pruning.paul2021.experiments.networks import Networks
from replications.data_pruning.paul2021.experiments.scoring import score
from replications.data_pruning.science import subsets
from verifig.training.ensemble import generator
from verifig.training.loop import train
from verifig.training.run import Run

FIXED = ("random", "input_norm")  # scores that need no network


def pruning(run: Run) -> dict[str, np.ndarray]:
    """`accuracy` [members] on the test images; the scores of `scoring.score`; `input_norm` [n], `right_labels` [n]."""
    settings, members = run.settings, run.members
    data = digits.load(settings)
    scored = score(run, settings, max(member["seeds"] for member in members), data)
    norms = data.images.norm(dim=1).numpy()
    members = [member | {"names": ("retrain", member["seed"])} for member in members]
    records = train(
        run,
        members,
        lambda part: Retrained(
            part, data, [selection(each, scored, norms) for each in part], scored["labels"], run.device
        ),
        settings["steps"],
        [settings["steps"]],
        signature=lambda member: subsets.kept(len(norms), member["keep"]),
        chunk=settings["chunk"],
        name="retrain",
    )
    return scored | {
        "accuracy": records["accuracy"][:, -1],
        "input_norm": norms,
        "right_labels": data.labels.numpy(),
    }


def selection(member: Mapping, scored: Mapping[str, np.ndarray], norms: np.ndarray) -> Tensor:
    """The examples that a member trains on, as increasing indices [m]."""
    if member["score"] in FIXED:
        values = norms if member["score"] == "input_norm" else np.zeros_like(norms)
    else:
        place = scored["epochs"].tolist().index(member["score_epoch"])
        values = scored[member["score"]][member["seed"], place]
    stream = generator(SLUG, "ties", member["draw"], member["seed"])
    return subsets.window(torch.from_numpy(values), member["start"], member["keep"], stream)


class Retrained(Networks):
    """Networks on parts of the same size; first weights and orders are equal for all choices of a seed.

    Args:
        chosen: by member, rows [m]; labels: by seed, those trained on [seeds, n].
    """

    def __init__(
        self,
        members: Sequence[Mapping],
        data: Digits,
        chosen: Sequence[Tensor],
        labels: np.ndarray,
        device: torch.device,
    ):
        own = torch.from_numpy(labels)
        of_chosen = torch.stack([own[each["seed"]][rows] for each, rows in zip(members, chosen, strict=True)])
        super().__init__(members, data.images, torch.stack([*chosen]), of_chosen, members[0]["steps"], device)
        self.test_images, self.test_labels = data.test_images.to(device), data.test_labels.to(device)

    def record(self) -> dict[str, Tensor]:
        """Accuracy on the test images [K]."""
        right = self.model(self.test_images).argmax(-1) == self.test_labels
        return {"accuracy": right.double().mean(-1)}
