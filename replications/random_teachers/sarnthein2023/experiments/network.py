"""K encoders with their projection heads as one program: MLP encoder, three-layer head, L2 bottleneck, last layer V.

Section 3 and Appendix E.1 of the paper at reduced size: the encoder is an MLP whose last ReLU output is the embedding,
the head is Linear GELU Linear GELU Linear, its output is scaled to length 1, and V (no bias) makes the m logits.
"""

import itertools
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from verifig.training.ensemble import Parameters, dtype_of, generator

ENCODER, HEAD = ("e1", "e2", "e3"), ("h1", "h2", "h3", "v")
LAYERS = (*ENCODER, *HEAD)


def sizes(settings: Mapping) -> dict[str, tuple[int, int]]:
    """(fan_in, fan_out) of every layer, from `input_size`, `width`, `head_width`, `bottleneck`, `output_size`."""
    steps = [settings[name] for name in ("input_size", *["width"] * 3, *["head_width"] * 2, "bottleneck")]
    steps.append(settings["output_size"])
    return {layer: (steps[i], steps[i + 1]) for i, layer in enumerate(LAYERS)}


def spread(layer: str, fan_in: int, settings: Mapping) -> float:
    """Standard deviation of a layer's initial weights.

    The encoder has 2 / fan_in (Kaiming). The head keeps the paper's gains: its N(0, 0.02^2) on inputs of 512 and 2048
    features is 0.45 and 0.905 divided by the root of the number of inputs.
    """
    if layer in ENCODER:
        return (2 / fan_in) ** 0.5
    if layer == "v":
        return settings["output_std"]
    return (0.02 * 512**0.5 if layer == "h1" else 0.02 * 2048**0.5) / fan_in**0.5


def delta(alpha: float) -> float:
    """Normaliser of the locality mixture: sqrt(alpha^2 + (1 - alpha)^2), so that variances stay 1."""
    return (alpha**2 + (1 - alpha) ** 2) ** 0.5


def mix(teacher: Tensor, fresh: Tensor, alpha: float) -> Tensor:
    """Student's initial parameters ((1 - alpha) teacher + alpha fresh) / delta (Section 4, locality); exact at 0 and 1."""
    if alpha == 0:
        return teacher.clone()
    if alpha == 1:
        return fresh.clone()
    return ((1 - alpha) * teacher + alpha * fresh) / delta(alpha)


class Network:
    """K networks of equal shape. Weights [K, fan_in, fan_out], biases [K, 1, fan_out] (`b_` + layer; V has none).

    The flat parameters hold the encoder's weights, then the head's, then all biases, so that each group of learning
    rates is one slice (`groups`).

    Args:
        settings: shapes (see `sizes`), `weight_norm`, `dtype`.
        members: K.
    """

    def __init__(self, settings: Mapping, members: int, device: torch.device = torch.device("cpu")):
        self.settings, self.shapes = settings, sizes(settings)
        shapes = {layer: self.shapes[layer] for layer in LAYERS}
        shapes |= {f"b_{layer}": (1, self.shapes[layer][1]) for layer in LAYERS[:-1]}
        self.parameters = Parameters(shapes, members, dtype_of(settings), device)
        self.views = self.parameters.views
        starts = [self.parameters.columns[name].start for name in ("e1", "h1", "b_e1")]
        bounds = itertools.pairwise([*starts, self.parameters.flat.shape[1]])
        self.groups = dict(zip(("encoder", "head", "bias"), itertools.starmap(slice, bounds), strict=True))

    def initialise(self, purpose: str, seeds: Sequence[int]) -> "Network":
        """Fresh weights, one stream a layer and seed; biases 0. Output layers of other sizes share their first rows."""
        self.views_zero_bias()
        for member, seed in enumerate(seeds):
            for layer, (fan_in, fan_out) in self.shapes.items():
                stream = generator("random_teachers", purpose, layer, seed)
                draw = torch.randn(fan_out, fan_in, generator=stream, dtype=torch.float64).T
                self.views[layer][member].copy_(draw * spread(layer, fan_in, self.settings))
        return self

    def views_zero_bias(self) -> None:
        """Set all biases to 0."""
        self.parameters.flat[:, self.groups["bias"]].zero_()

    def embed(self, inputs: Tensor, keep: dict | None = None) -> Tensor:
        """Embeddings [K, N, width] of inputs [K or 1, N, pixels]."""
        hidden = inputs.expand(len(self.parameters.flat), *inputs.shape[1:])
        for layer in ENCODER:
            if keep is not None:
                keep[layer] = hidden
            hidden = torch.relu_(torch.baddbmm(self.views[f"b_{layer}"], hidden, self.views[layer]))
        return hidden

    def project(self, embedding: Tensor, keep: dict | None = None) -> Tensor:
        """Unit vectors z / |z| of the L2 bottleneck [K, N, bottleneck]."""
        hidden = embedding
        for layer in HEAD[:-1]:
            before = torch.baddbmm(self.views[f"b_{layer}"], hidden, self.views[layer])
            if keep is not None:
                keep[layer], keep[f"before {layer}"] = hidden, before
            hidden = torch.nn.functional.gelu(before)
        length = before.norm(dim=-1, keepdim=True).clamp_min(torch.finfo(before.dtype).tiny)
        if keep is not None:
            keep["length"] = length
        return before / length

    def output_weights(self) -> Tensor:
        """V [K, bottleneck, m]; with weight normalisation each output's weights are scaled to length 1."""
        weights = self.views["v"]
        return weights / weights.norm(dim=1, keepdim=True) if self.settings["weight_norm"] else weights

    def __call__(self, inputs: Tensor, keep: dict | None = None) -> Tensor:
        """Logits [K, N, m]; `keep` is filled with what `backward` needs."""
        embedding = self.embed(inputs, keep)
        unit, weights = self.project(embedding, keep), self.output_weights()
        if keep is not None:
            keep["embedding"], keep["v"], keep["weights"] = embedding, unit, weights
        return torch.bmm(unit, weights)

    def backward(self, gradient: Tensor, keep: Mapping, out: Tensor) -> None:
        """Fill `out` [K, P] with the gradient of the loss, given that by the logits [K, N, m]."""
        grads = self.parameters.split(out)
        unit, weights = keep["v"], keep["weights"]
        torch.bmm(unit.transpose(1, 2), gradient, out=grads["v"])
        if self.settings["weight_norm"]:
            along = (grads["v"] * weights).sum(1, keepdim=True)
            grads["v"].sub_(along * weights).div_(self.views["v"].norm(dim=1, keepdim=True))
        slope = torch.bmm(gradient, weights.transpose(1, 2))
        slope = (slope - unit * (unit * slope).sum(-1, keepdim=True)) / keep["length"]
        for layer in ("h3", "h2", "h1", *reversed(ENCODER)):
            if layer in ("h2", "h1"):
                slope = torch.ops.aten.gelu_backward(slope, keep[f"before {layer}"])
            elif layer in ENCODER:
                above = keep["embedding"] if layer == "e3" else keep[f"e{int(layer[1]) + 1}"]
                slope = torch.ops.aten.threshold_backward(slope, above, 0)
            below = keep[layer]
            torch.bmm(below.transpose(1, 2), slope, out=grads[layer])
            torch.sum(slope, 1, keepdim=True, out=grads[f"b_{layer}"])
            if layer != "e1":
                slope = torch.bmm(slope, self.views[layer].transpose(1, 2))


def divergence(teacher_logits: Tensor, student_logits: Tensor) -> Tensor:
    """KL(softmax(teacher) || softmax(student)), mean over samples, in float64: [..., N, m] twice -> [...]."""
    teacher, student = (torch.log_softmax(logits.double(), -1) for logits in (teacher_logits, student_logits))
    return (teacher.exp() * (teacher - student)).sum(-1).mean(-1)


def distillation_loss(student_logits: Tensor, targets: Tensor, temperature: float = 1.0) -> tuple[Tensor, Tensor]:
    """Cross-entropy of softmax(logits / temperature) with the teacher's distribution (equation 1), and its gradient.

    Args:
        student_logits: [..., N, m].
        targets: the teacher's probabilities [..., N, m].

    Returns:
        (mean over N [...], gradient of that mean by the logits [..., N, m]).
    """
    logarithm = torch.log_softmax(student_logits / temperature, -1)
    loss = -(targets * logarithm).sum(-1).mean(-1)
    return loss, (logarithm.exp() - targets) / (temperature * student_logits.shape[-2])


def step_zero_divergence(output_std: float, bottleneck: int, weight_norm: bool) -> float:
    """Expected KL of two independent networks before training (small logits, m >> 1).

    KL ~ half the variance over outputs of the logits' difference; the weights of each output are independent with
    deviation `output_std` and the bottleneck has length 1, which gives output_std^2, or 1 / bottleneck with weight norm.
    """
    return 1 / bottleneck if weight_norm else output_std**2
