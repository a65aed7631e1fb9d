"""Lottery tickets by iterative magnitude pruning, from an initial and from a distilled encoder (Figure 8)."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from replications.random_teachers.sarnthein2023.experiments import images
from replications.random_teachers.sarnthein2023.experiments.finetuning import Classifier, distilled, statistics_of
from verifig.ground.keys import key
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
    members = run.members
    result = []
    for number, member in enumerate(members):
        source = member | {"condition": None, "start": None, "rewind_epochs": None}
        name = f"student {key(source)}"  # conditions share it where its settings are equal
        ends = run.once(name, lambda source=source: distilled(source, run))
        data = images.load(member["targets"][0], member, run).to(run.device)
        result.append(_arm(run, f"arm {number}", member, ends, data))
    return {field: np.stack([arm[field] for arm in result]) for field in result[0]}


def _arm(run: Run, name: str, member: Mapping, ends: Mapping, data: images.Images) -> dict[str, np.ndarray]:
    """Rounds of training, pruning and rewinding; each finished round is kept."""
    classifier = Classifier(member, data)
    parameters, statistics = torch.from_numpy(ends[member["start"]]), statistics_of(ends, member["start"])
    classifier.start_from(parameters.to(run.device), statistics)
    rewound = run.once(f"{name} rewind", lambda: _rewinding_point(classifier, member))
    mask = classifier.weights.float()
    accuracies, remaining = [], []
    for number in range(member["rounds"] + 1):
        found = run.once(f"{name} round {number}", lambda mask=mask: _round(classifier, member, rewound, mask))
        run.progress(number + 1, member["rounds"] + 1, f"rounds of {name}")
        accuracies.append(float(found["accuracy"]))
        remaining.append(float(mask[classifier.weights].mean()))
        mask = torch.from_numpy(found["mask"]).to(run.device, torch.float32)
    return {"accuracy": np.array(accuracies), "remaining": np.array(remaining)}


def _rewinding_point(classifier: Classifier, member: Mapping) -> dict[str, np.ndarray]:
    """Parameters and statistics after `rewind_epochs` of supervised training (0: the start itself)."""
    classifier.train(order=0, epochs=member["rewind_epochs"])
    statistics = {f"buffer {n}": v.cpu().numpy().copy() for n, v in classifier.model[0].named_buffers()}
    return {"parameters": classifier.flat[0].cpu().numpy().copy()} | statistics


def _round(classifier: Classifier, member: Mapping, rewound: Mapping, mask: Tensor) -> dict[str, np.ndarray]:
    """Rewind, train under the mask, prune."""
    classifier.flat[0].copy_(torch.from_numpy(rewound["parameters"]))
    classifier.load_statistics(statistics_of(rewound, "buffer"))
    accuracy = classifier.train(order=1, epochs=member["finetune_epochs"], mask=mask)
    smaller = prune(classifier.flat[0], mask, member["prune_share"])
    return {"accuracy": np.array(accuracy), "mask": smaller.cpu().numpy().astype(np.uint8)}
