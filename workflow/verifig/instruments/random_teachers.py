"""What can be read off embeddings, and what a student learns from a random teacher (Sarnthein et al. 2023)."""

import copy
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from replications.random_teachers.sarnthein2023.experiments import probes
from replications.random_teachers.sarnthein2023.experiments.probes import LinearProbe
from verifig.ground.errors import InputError
from verifig.instruments.data import Batches, batches, device_of, evaluating

__all__ = ["LinearProbe", "distil", "embeddings", "probe", "random_copy"]


def embeddings(model: nn.Module, data: Batches) -> tuple[Tensor, Tensor]:
    """Outputs of a model [N, r] (flattened) and labels [N] over a pair or batches, in evaluation mode."""
    parts = []
    with evaluating(model), torch.no_grad():
        for inputs, labels in batches(data, device_of(model)):
            parts.append((model(inputs).flatten(1), labels))
    return tuple(torch.cat(each) for each in zip(*parts, strict=True))


def probe(
    train: tuple[Tensor, Tensor],
    test: tuple[Tensor, Tensor],
    linear: LinearProbe | None = None,
    penalty: float = 1e-3,
    k: int = 20,
) -> dict[str, float]:
    """Test accuracy of three probes on frozen embeddings, since each alone could mislead.

    Args:
        train, test: (embeddings [N, r], labels [N] int64), as `embeddings` gives them.
        linear: settings of softmax regression by AdamW (default: 2,000 steps, the paper's batch and rates).
        penalty: of ridge regression on standardised embeddings. k: neighbours that vote.

    Returns:
        `linear`, `ridge` and `neighbours`.
    """
    for found, labels in (train, test):
        if found.dim() != 2 or len(found) != len(labels) or not len(found):
            raise InputError(f"embeddings {tuple(found.shape)} and labels {tuple(labels.shape)} do not belong together")
        if not torch.isfinite(found).all():
            raise InputError("the embeddings are not finite")
    if not 1 <= k <= len(train[0]):
        raise InputError(f"{k} neighbours cannot be had of {len(train[0])} samples")
    linear = LinearProbe(2000, min(256, len(train[0]))) if linear is None else linear
    arguments = train[0][None], train[1], test[0][None], test[1]
    return {
        "linear": float(probes.linear(*arguments, linear)[0]),
        "ridge": float(probes.ridge(*arguments, penalty)[0]),
        "neighbours": float(probes.neighbours(*arguments, k)[0]),
    }


def random_copy(model: nn.Module, seed: int) -> nn.Module:
    """A copy of a model, freshly initialised by its layers' own `reset_parameters`, the caller's random state untouched.

    Raises:
        InputError: a layer with parameters of its own and no `reset_parameters`.
    """
    fresh = copy.deepcopy(model)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for name, layer in fresh.named_modules():
            if hasattr(layer, "reset_parameters"):
                layer.reset_parameters()
            elif next(layer.parameters(recurse=False), None) is not None:
                raise InputError(f"layer {name or 'itself'!r} ({type(layer).__name__}) has no reset_parameters")
    return fresh


def distil(
    student: nn.Module,
    teacher: nn.Module,
    inputs: Tensor,
    steps: int,
    optimizer: torch.optim.Optimizer | None = None,
    batch_size: int = 256,
    seed: int = 0,
    watch: Callable[[int], object] | None = None,
) -> list[float]:
    """Train a student to give the teacher's softmax outputs, without any label, by cross-entropy between the two.

    Args:
        student, teacher: modules with equally many outputs; the student is trained in the mode that it is in, the teacher is
            in evaluation mode and never changes.
        inputs: [N, ...], unlabelled, on the student's device.
        optimizer: of the student's parameters (default: Adam at 1e-3).
        watch: called with the number of steps taken, before the first and after each (see `watching.Watch`).

    Returns:
        KL divergence from teacher to student on the batch of each step [steps], in nats.
    """
    optimizer = torch.optim.Adam(student.parameters(), 1e-3) if optimizer is None else optimizer
    stream, found, order = torch.Generator().manual_seed(seed), [], torch.empty(0, dtype=torch.long)
    if not len(inputs) or steps < 0 or batch_size < 1:
        raise InputError("distillation needs inputs, a batch size of at least 1 and no negative steps")
    if watch is not None:
        watch(0)
    with evaluating(teacher):
        for step in range(steps):
            if not len(order):
                order = torch.randperm(len(inputs), generator=stream)
            rows, order = order[:batch_size].to(inputs.device), order[batch_size:]
            with torch.no_grad():
                target = teacher(inputs[rows]).log_softmax(-1)
            loss = functional.kl_div(
                student(inputs[rows]).log_softmax(-1), target, reduction="batchmean", log_target=True
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            found.append(loss.item())
            if watch is not None:
                watch(step + 1)
    return found
