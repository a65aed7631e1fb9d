"""Variance-limited scaling of trained networks (Bahri et al., Figure 1a, top left and bottom right).

Both subtract an exact limit run by run: training on the whole population (data), or the linearised network of the same
initial weights (width).
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from replications.scaling_laws.bahri2024.experiments.kernels import pooled
from verifig.training import data
from verifig.training.ensemble import MLP, generator
from verifig.training.run import Run

CLASSES = 10


def finite_networks(run: Run) -> dict[str, np.ndarray]:
    """Excess losses by data [inits, draws, sizes] and by width [groups, inits in a group] for each width."""
    images, labels = data.embedded("mnist_5k")
    settings = run.members[0]
    inputs = standardised(pooled(images, settings["pool"])).float()
    digits = torch.from_numpy(labels)
    return data_variance(run, settings, inputs, digits) | width_variance(run, settings, inputs, digits)


def standardised(inputs: Tensor) -> Tensor:
    """Each pixel's mean removed, all pixels divided by one number so that their mean square is 1: [n, d]."""
    centred = inputs - inputs.mean(0)
    return centred / centred.square().mean().sqrt()


# ---- data: excess over training on the whole population --------------------------------------------------------------


def data_variance(run: Run, settings: Mapping, inputs: Tensor, labels: Tensor) -> dict[str, np.ndarray]:
    """Population loss after training on D images, minus that after training on all of them [inits, draws, sizes].

    The images are the population, so drawn with replacement the limit is exact. Without replacement (`pool_excess`, NaN
    for samples larger than the population) the excess vanishes too early; at D = all it must be 0.
    """
    device = run.device
    inputs, labels = inputs.to(device), labels.to(device)
    inits, draws, sizes = settings["seeds"], settings["data_draws"], settings["data_sizes"]
    work = [(replace, k) for replace in (True, False) for k in range(len(sizes)) if replace or sizes[k] <= len(inputs)]
    total = inits * (len(work) + 2)

    def limit(init: int, order: Tensor | None = None) -> Tensor:
        rows = slice(None) if order is None else order
        model = _classifier(settings, inputs.shape[1], [init], device)
        _descend(model, inputs[rows][None], labels[rows][None], settings)
        return _loss(model, inputs, labels)

    parts = []
    for init in range(inits):

        def one_init(init: int = init) -> dict[str, np.ndarray]:
            floor = limit(init)
            order = torch.randperm(len(inputs), generator=generator("scaling_laws", "pool order", init))
            result = np.full((2, draws, len(sizes)), np.nan)
            for done, (replace, k) in enumerate(work):
                samples = [_drawn(init, draw, sizes[k], len(inputs), replace) for draw in range(draws)]
                rows = torch.stack(samples).to(device)
                model = _classifier(settings, inputs.shape[1], [init] * draws, device)
                _descend(model, inputs[rows], labels[rows], settings)
                result[int(not replace), :, k] = (_loss(model, inputs, labels) - floor).cpu().numpy()
                run.progress(init * (len(work) + 2) + done, total, "trainings (data)")
            full, shuffled = floor.cpu().numpy()[0], limit(init, order).cpu().numpy()[0]
            return {"excess": result[0], "pool_excess": result[1], "full": full, "shuffled": shuffled}

        parts.append(run.once(f"data {init}", one_init))
    run.facts["steps"] = settings["data_steps"] * inits * (draws * len(work) + 2)
    found = {name: np.stack([part[name] for part in parts]) for name in parts[0]}
    return {
        "data_excess": found["excess"],
        "pool_excess": found["pool_excess"],
        "data_floor": found["full"],
        "without_replacement": found["shuffled"] - found["full"],
    }


def _drawn(init: int, draw: int, size: int, population: int, replace: bool = True) -> Tensor:
    """Rows of a sample with or without replacement; a larger sample contains the smaller one."""
    stream = generator("scaling_laws", "data draw", init, draw)
    if not replace:
        return torch.randperm(population, generator=stream)[:size]
    return torch.randint(population, (size,), generator=stream)


def _classifier(settings: Mapping, fan_in: int, inits: Sequence[int], device: torch.device) -> MLP:
    """Bias-free ReLU networks with He initialisation, one a given init."""
    sizes = (fan_in, *[settings["data_width"]] * 2, CLASSES)
    model = MLP(sizes, len(inits), device=device)
    for member, init in enumerate(inits):
        stream = generator("scaling_laws", "data init", init)
        for weight in model.weights:
            draw = torch.randn(weight.shape[1:], generator=stream)
            weight[member].copy_(draw * math.sqrt(2 / weight.shape[1]))
    return model


def _descend(model: MLP, inputs: Tensor, labels: Tensor, settings: Mapping) -> None:
    """Full-batch gradient descent on cross-entropy: inputs [K, N, d], labels [K, N]."""
    grads = model.parameters.like()
    target = torch.nn.functional.one_hot(labels, CLASSES).to(inputs.dtype)
    for _ in range(settings["data_steps"]):
        logits = model(inputs, keep=True)
        model.backward((torch.softmax(logits, -1) - target) / inputs.shape[1], grads)
        model.parameters.flat.sub_(grads, alpha=settings["learning_rate"])


def _loss(model: MLP, inputs: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy over the population, by member [K] float64."""
    logs = torch.log_softmax(model(inputs).double(), -1)
    return -logs.gather(2, labels.expand(logs.shape[0], -1)[..., None]).mean((1, 2))


# ---- width: excess over the linearised network -----------------------------------------------------------------------


def width_variance(run: Run, settings: Mapping, inputs: Tensor, labels: Tensor) -> dict[str, np.ndarray]:
    """Test loss minus that of the linearised network, `width_<w>` [groups, inits in a group] for every width."""
    train, test = settings["train_size"], settings["test_size"]
    order = torch.randperm(len(inputs), generator=generator("scaling_laws", "width data"))[: train + test]
    targets = (1 - 2 * (labels[order] % 2)).float()
    x, y = inputs[order].to(run.device), targets.to(run.device)
    groups, result = settings["width_groups"], {}
    work = [(width, count, group) for width, count in settings["width_inits"] for group in range(groups)]
    for done, (width, count, group) in enumerate(work):
        run.progress(done, len(work), "groups (width)")
        part = run.once(
            f"width {width} {group}",
            lambda width=width, count=count, group=group: {
                "excess": _width_excess(x, y, train, width, count, group, settings)
            },
        )
        result.setdefault(f"width_{width}", []).append(part["excess"])
    run.progress(len(work), len(work), "groups (width)")
    return {name: np.array(values) for name, values in result.items()}


def _width_excess(x, y, train: int, width: int, count: int, group: int, settings: Mapping) -> np.ndarray:
    """L - L_linearised on the test images for `count` initial weights [count], both signs of the output layer averaged."""
    chunk = max(1, settings["width_chunk"] // width)
    excess = []
    for first in range(0, count, chunk):
        inits = range(first, min(first + chunk, count))
        networks = TwoLayers(x.shape[1], width, [(group, init) for init in inits], x.device)
        excess.append(excess_over_linear(networks, x, y, train, settings["data_steps"], settings["learning_rate"]))
    return torch.cat(excess).cpu().numpy()


class TwoLayers:
    """K networks d -> w -> w -> 1 in NTK parametrisation: f = v.relu(W2 relu(W1 x sqrt(2/d)) sqrt(2/w)) / sqrt(w)."""

    def __init__(self, fan_in: int, width: int, inits: Sequence[tuple[int, int]], device: torch.device):
        shapes = ((fan_in, width), (width, width), (width, 1))
        self.scales = (math.sqrt(2 / fan_in), math.sqrt(2 / width), 1 / math.sqrt(width))
        draws: list[list[Tensor]] = [[], [], []]
        for group, init in inits:
            stream = generator("scaling_laws", "width init", width, group, init)
            for weights, shape in zip(draws, shapes, strict=True):
                weights.append(torch.randn(shape, generator=stream))
        self.weights = [torch.stack(weights).to(device) for weights in draws]

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(first hidden layer, second, output) for inputs [N, d]: [K, N, w], [K, N, w], [K, N]."""
        first = torch.relu(torch.matmul(x, self.weights[0]) * self.scales[0])
        second = torch.relu(torch.bmm(first, self.weights[1]) * self.scales[1])
        return first, second, torch.bmm(second, self.weights[2])[..., 0] * self.scales[2]

    def signals(self, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
        """Derivatives of the output by both pre-activations [K, N, w]."""
        upper = (second > 0) * (self.weights[2].transpose(1, 2) * self.scales[2])
        lower = (first > 0) * torch.bmm(upper, self.weights[1].transpose(1, 2)) * self.scales[1]
        return upper, lower

    def tangent_kernel(self, x: Tensor, train: int) -> Tensor:
        """Empirical neural tangent kernel between all inputs and the first `train` [K, N, train]."""
        first, second, _ = self.forward(x)
        upper, lower = self.signals(first, second)

        def gram(values: Tensor) -> Tensor:
            return torch.matmul(values, values[..., :train, :].transpose(-1, -2))

        return (
            gram(x) * self.scales[0] ** 2 * gram(lower)
            + gram(first) * self.scales[1] ** 2 * gram(upper)
            + gram(second) * self.scales[2] ** 2
        )

    def step(self, x: Tensor, y: Tensor, learning_rate: float) -> None:
        """One step of gradient descent on half the mean squared error."""
        first, second, output = self.forward(x)
        residual = ((output - y) / len(y))[..., None]
        upper, lower = self.signals(first, second)
        gradients = (
            torch.matmul(x.T, lower * residual) * self.scales[0],
            torch.bmm(first.transpose(1, 2), upper * residual) * self.scales[1],
            torch.bmm(second.transpose(1, 2), residual) * self.scales[2],
        )
        for weight, gradient in zip(self.weights, gradients, strict=True):
            weight.sub_(gradient, alpha=learning_rate)


def linearised(kernel: Tensor, output: Tensor, y: Tensor, steps: int, learning_rate: float) -> Tensor:
    """Outputs [K, N] after gradient descent of the linearised network: kernel [K, N, train], initial output [K, N]."""
    train = kernel.shape[2]
    weights = torch.zeros_like(output[:, :train])
    for _ in range(steps):
        current = output[:, :train] + torch.bmm(kernel[:, :train], weights[..., None])[..., 0]
        weights = weights - learning_rate / train * (current - y[:train])
    return output + torch.bmm(kernel, weights[..., None])[..., 0]


def excess_over_linear(
    networks: TwoLayers, x: Tensor, y: Tensor, train: int, steps: int, learning_rate: float
) -> Tensor:
    """Test loss (half mean squared error) of trained networks minus that of their linearisations [K].

    Averaged over the network and its twin with the output layer's sign flipped: the twin has the same kernel and the
    opposite initial output, so terms odd in the initial output cancel.
    """
    kernel = networks.tangent_kernel(x, train)
    start = [weight.clone() for weight in networks.weights]
    total = torch.zeros(len(kernel), device=x.device)
    for sign in (1.0, -1.0):
        networks.weights = [start[0].clone(), start[1].clone(), sign * start[2]]
        straight = linearised(kernel, networks.forward(x)[2], y, steps, learning_rate)
        for _ in range(steps):
            networks.step(x[:train], y[:train], learning_rate)
        trained = networks.forward(x)[2]
        losses = [0.5 * (values[:, train:] - y[train:]).square().mean(1) for values in (trained, straight)]
        total += 0.5 * (losses[0] - losses[1])
    return total
