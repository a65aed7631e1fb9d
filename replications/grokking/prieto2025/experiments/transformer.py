"""A one-layer transformer on modular addition (Figures 5c and 6a).

As the authors configure `nn.TransformerEncoderLayer`: embedding N(0, 1), post-norm, ReLU, dropout 0.1 while training,
no positional encoding, no mask, prediction at the last of two tokens. Written out over a leading member axis.
"""

import math
from collections.abc import Mapping

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from replications.grokking.prieto2025.experiments.classifier import Classifier, fit
from replications.grokking.science.tasks import OPERATIONS
from verifig.training.ensemble import Parameters, dtype_of, generator
from verifig.training.run import Run


def transformer(run: Run) -> dict[str, np.ndarray]:
    """Train every condition x seed; records [members, log points]."""
    shape = ("operation", "modulus", "train_fraction", "feed_forward", "dropout")
    return fit(run, lambda members: build(members, run.device), shape)


class Transformer:
    """K one-layer encoders with a linear head: tokens [K, N, 2] (or one-hot vectors) -> logits [K, N, modulus]."""

    def __init__(
        self, modulus: int, width: int, feed_forward: int, heads: int, dropout: float, members: int, dtype, device
    ):
        self.heads, self.dropout = heads, dropout
        shapes = {
            "w_embed": (modulus, width),
            "w_qkv": (width, 3 * width),
            "b_qkv": (1, 3 * width),
            "w_out": (width, width),
            "b_out": (1, width),
            "w_up": (width, feed_forward),
            "b_up": (1, feed_forward),
            "w_down": (feed_forward, width),
            "b_down": (1, width),
            "w_unembed": (width, modulus),
            "b_unembed": (1, modulus),
            **{f"{kind}_norm{k}": (1, width) for k in (1, 2) for kind in ("scale", "shift")},
        }
        self.parameters = Parameters(shapes, members, dtype, device)
        self.stream = torch.Generator(device).manual_seed(0)
        self._kept: tuple[list[Tensor], Tensor] | None = None

    def initialise(self, generators: list[torch.Generator]) -> None:
        """torch's defaults for each layer: embedding N(0, 1), Xavier for q, k, v, zero attention biases, U for the rest."""
        for member, stream in enumerate(generators):
            for name, view in self.parameters.views.items():
                target = view[member]
                if name == "w_embed":
                    target.copy_(torch.randn(target.shape, generator=stream))
                elif name.startswith("scale"):
                    target.fill_(1)
                elif name.startswith("shift") or name in ("b_qkv", "b_out"):
                    target.zero_()
                else:
                    fan_in = self.parameters.shapes["w" + name[1:]][0]
                    bound = math.sqrt(6 / sum(target.shape)) if name == "w_qkv" else fan_in**-0.5
                    target.copy_((2 * torch.rand(target.shape, generator=stream) - 1) * bound)

    def __call__(self, inputs: Tensor, keep: bool = False) -> Tensor:
        """Logits; with `keep` (a training step) dropout is on and the graph is kept for `backward`."""
        if not keep:
            return self._forward(self.parameters.views, inputs, 0.0)
        # a leaf a parameter: slices of one leaf would each add to a gradient of the size of all
        leaves = {name: view.detach().requires_grad_() for name, view in self.parameters.views.items()}
        with torch.enable_grad():
            logits = self._forward(leaves, inputs, self.dropout)
        self._kept = (list(leaves.values()), logits)
        return logits.detach()

    def backward(self, gradient: Tensor, out: Tensor) -> None:
        """Fill `out` [K, P] with the gradient by the parameters."""
        leaves, logits = self._kept
        grads = torch.autograd.grad(logits, leaves, gradient)
        torch._foreach_copy_(list(self.parameters.split(out).values()), list(grads))

    def _forward(self, w: Mapping[str, Tensor], inputs: Tensor, dropout: float) -> Tensor:
        """Only the last token is read, so only it asks (attention) and goes through the second half of the layer."""
        width, heads = w["w_embed"].shape[2], self.heads
        x = self._embedded(w["w_embed"], inputs)  # [K, N, 2, width]
        members, n, length = x.shape[:3]
        w_q, w_kv = w["w_qkv"].split([width, 2 * width], 2)
        b_q, b_kv = w["b_qkv"].split([width, 2 * width], 2)
        last = x[:, :, -1]
        q = (last @ w_q + b_q).view(members, n, 1, heads, -1)
        k, v = (x.flatten(1, 2) @ w_kv + b_kv).view(members, n, length, 2, heads, -1).unbind(3)
        weights = torch.softmax((q * k).sum(-1) / math.sqrt(q.shape[-1]), 2)  # [K, N, 2, heads]
        attended = (self._drop(weights, dropout)[..., None] * v).sum(2).flatten(2)
        attended = attended @ w["w_out"] + w["b_out"]
        x = _norm(last + self._drop(attended, dropout), w["scale_norm1"], w["shift_norm1"])
        hidden = self._drop(torch.relu(x @ w["w_up"] + w["b_up"]), dropout)
        x = _norm(x + self._drop(hidden @ w["w_down"] + w["b_down"], dropout), w["scale_norm2"], w["shift_norm2"])
        return x @ w["w_unembed"] + w["b_unembed"]

    def _embedded(self, table: Tensor, inputs: Tensor) -> Tensor:
        """Rows of the table [K, modulus, width] of tokens [K, N, 2], or of one-hot vectors [K, N, 2, modulus]."""
        if inputs.dtype != torch.int64:
            return (inputs.flatten(1, 2) @ table).unflatten(1, inputs.shape[1:3])
        rows = inputs.flatten(1)[..., None].expand(-1, -1, table.shape[2])
        return table.gather(1, rows).unflatten(1, inputs.shape[1:])

    def _drop(self, x: Tensor, rate: float) -> Tensor:
        if rate == 0:
            return x
        keep = torch.rand(x.shape, generator=self.stream, device=x.device, dtype=x.dtype) >= rate
        return x * keep / (1 - rate)


def _norm(x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    return F.layer_norm(x, x.shape[-1:]) * scale + shift


def build(members: list[Mapping], device: torch.device) -> Classifier:
    """A chunk of members of equal signature: pairs from {1..p-1}^2, labels modulo p."""
    first = members[0]
    sets = [split(member) for member in members]
    train_set, test_set = (
        tuple(torch.stack([tensors[which][part] for tensors in sets]).to(device) for part in range(2))
        for which in range(2)
    )
    dtype = dtype_of(first)
    if device.type != "cpu":  # as in `ensemble.indicators`: a look-up's gradient would have to sort
        numbers = torch.arange(first["modulus"], device=device)
        train_set, test_set = (((x[..., None] == numbers).to(dtype), y) for x, y in (train_set, test_set))
    model = Transformer(
        first["modulus"],
        first["width"],
        first["feed_forward"],
        4,
        first["dropout"],
        len(members),
        dtype,
        device,
    )
    model.initialise([generator("grokking", "init", member["seed"]) for member in members])
    program = Classifier(members, model, train_set, test_set)
    program.generators["dropout"] = model.stream
    return program


def split(member: Mapping) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """(train, test), each (tokens [N, 2], labels [N])."""
    p = member["modulus"]
    pairs = torch.cartesian_prod(torch.arange(1, p), torch.arange(1, p))
    labels = OPERATIONS[member["operation"]](pairs[:, 0], pairs[:, 1]) % p
    order = torch.randperm(len(pairs), generator=generator("grokking", "split", p, member["seed"]))
    size = int(member["train_fraction"] * len(pairs))
    return (pairs[order[:size]], labels[order[:size]]), (pairs[order[size:]], labels[order[size:]])
