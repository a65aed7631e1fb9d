"""Deep linear networks on free features: many problems as one tensor program with hand-written gradients.

Columns are samples. A problem has features H [d, N], layers W_1 ... W_M and, if asked for, a last-layer bias. In the
`class_columns` form each class is one column G_k = sqrt(n_k) hbar_k instead of n_k samples: the same optimum, from
K columns, wherever variability within classes is not the question.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from replications.neural_collapse.dang2023 import closed_form, metrics
from verifig.training.device import flushed_denormals
from verifig.training.ensemble import Parameters, generator
from verifig.training.optim import SGD
from verifig.training.trainable import Trainable

SHAPES = ("depth", "width", "sizes", "class_columns", "loss")  # settings that members of a chunk share
SLUG = "neural_collapse"


def forward(weights: Sequence[Tensor], features: Tensor) -> list[Tensor]:
    """Activations [B, d_m, N] before each layer and after the last."""
    layers = [features]
    for weight in weights:
        layers.append(torch.bmm(weight, layers[-1]))
    return layers


def backward(weights: Sequence[Tensor], layers: Sequence[Tensor], slope: Tensor, out: Sequence[Tensor]) -> Tensor:
    """Write the gradients by the weights to `out`; returns the gradient by the features, given that by the output."""
    for weight, below, target in zip(weights[::-1], layers[-2::-1], out[::-1], strict=True):
        target.copy_(torch.bmm(slope, below.transpose(1, 2)))
        slope = torch.bmm(weight.transpose(1, 2), slope)
    return slope


class FreeFeatures(Trainable):
    """K problems of equal shapes, trained by gradient descent with momentum (MSE or cross-entropy, L2 on H and all W).

    Args:
        members: settings; beside `SHAPES` everything may differ. `start` "minimiser" begins at the closed form of the
            squared error at pressure `start_beta` of the largest class, plus Gaussian noise of size `init`; "random"
            at noise alone.
        dtype, device: of the computation.
    """

    def __init__(self, members: Sequence[Mapping], device: torch.device, dtype: torch.dtype = torch.float64):
        super().__init__()
        first = members[0]
        self.members, self.depth, self.loss = members, first["depth"], first["loss"]
        self.sizes = np.array(first["sizes"])
        self.classes, self.total = len(self.sizes), int(self.sizes.sum())
        self.labels = (
            np.arange(self.classes) if first["class_columns"] else np.repeat(np.arange(self.classes), self.sizes)
        )
        root = np.sqrt(self.sizes) if first["class_columns"] else np.ones(self.total)
        self.root = torch.from_numpy(root).to(device, dtype)
        self.truth = torch.from_numpy(np.eye(self.classes)[:, self.labels]).to(device, dtype)
        width = first["width"]
        inner = [width] * self.depth + [self.classes]
        shapes = {"features": (width, len(self.labels))}
        shapes |= {f"w{m + 1}": (inner[m + 1], inner[m]) for m in range(self.depth)}
        shapes["bias"] = (self.classes, 1)
        self.parameters = Parameters(shapes, len(members), dtype, device)
        self.grads = self.parameters.like()
        self.decay = self.parameters.like()
        self._initialise()
        views, slopes = self.parameters.views, self.parameters.split(self.grads)
        self.features, self.bias = views["features"], views["bias"]
        self.weights = [views[f"w{m + 1}"] for m in range(self.depth)]
        self.slopes, self.feature_slope, self.bias_slope = (
            [slopes[f"w{m + 1}"] for m in range(self.depth)],
            slopes["features"],
            slopes["bias"],
        )
        self.has_bias = torch.tensor([[[float(m["bias"])]] for m in members], dtype=dtype, device=device)
        self.optimizer = SGD(self.parameters.flat, *([m[n] for m in members] for n in ("learning_rate", "momentum")))
        self.tensors = {"parameters": self.parameters.flat, "velocity": self.optimizer.tensors["velocity"]}

    def _initialise(self) -> None:
        decay = self.parameters.split(self.decay)
        for row, member in enumerate(self.members):
            stream = generator(SLUG, "free features", member["seed"])
            begin = self._minimiser(member, stream) if member["start"] == "minimiser" else {}
            for name, view in self.parameters.views.items():
                decay[name][row] = {"features": member["feature_decay"], "bias": 0.0}.get(name, member["weight_decay"])
                if name != "bias":
                    view[row] = member["init"] * torch.randn(view[row].shape, generator=stream, dtype=torch.float64)
                if name in begin:
                    view[row] += torch.from_numpy(begin[name]).to(view.device)

    def _minimiser(self, member: Mapping, stream: torch.Generator) -> dict[str, np.ndarray]:
        """The parameters of a global minimiser at `start_beta`, by name."""
        rng = np.random.default_rng(stream.initial_seed())
        decay = closed_form.decay_at(member["start_beta"], self.sizes.max(), self.total, self.depth)
        weights, features, bias = closed_form.minimiser(
            self.sizes, self.depth, decay, decay, member["width"], rng, member["bias"]
        )
        if member["class_columns"]:
            features = features[:, np.r_[0, np.cumsum(self.sizes)[:-1]]] * np.sqrt(self.sizes)
        begin = {f"w{m + 1}": weight for m, weight in enumerate(weights)}
        return begin | {"features": features, "bias": bias[:, None]}

    def step(self) -> None:
        """One iteration; collapsing classes decay into denormal numbers, which are slow on a CPU."""
        with flushed_denormals():
            layers = forward(self.weights, self.features)
            slope, _ = self._loss(layers[-1])
            self.feature_slope.copy_(backward(self.weights, layers, slope, self.slopes))
            self.bias_slope.copy_((slope * self.root).sum(2, keepdim=True) * self.has_bias)
            self.grads.addcmul_(self.decay, self.parameters.flat)
            self.optimizer.step(self.parameters.flat, self.grads)

    def _loss(self, product: Tensor) -> tuple[Tensor, Tensor]:
        """Gradient by W_M ... W_1 H [B, K, N] and the mean loss over samples [B], decays not included."""
        output = product + self.bias * self.root
        if self.loss == "mse":
            slope = (output - self.truth * self.root) / self.total
            return slope, self.total / 2 * (slope**2).sum((1, 2))
        log_share = torch.log_softmax(output / self.root, 1)
        loss = -(self.root**2 * (self.truth * log_share).sum(1)).sum(1) / self.total
        return (log_share.exp() - self.truth) * self.root / self.total, loss

    def record(self) -> dict[str, Tensor]:
        """Matrices of the geometry (see `metrics.grams`), NC1, objective, layer imbalance, bias and accuracy."""
        layers = forward(self.weights, self.features)
        _, loss = self._loss(layers[-1])
        objective = loss + (self.decay * self.parameters.flat**2).sum(1) / 2
        output = (layers[-1] + self.bias * self.root) / self.root
        accuracy = (output.argmax(1) == self.truth.argmax(0)).to(output.dtype).mean(1)
        imbalance = torch.zeros_like(objective)
        for below, above in zip(self.weights[:-1], self.weights[1:], strict=True):
            gap = torch.bmm(above.transpose(1, 2), above) - torch.bmm(below, below.transpose(1, 2))
            imbalance = torch.maximum(imbalance, gap.flatten(1).norm(dim=1))
        features = (self.features / self.root).cpu().numpy()
        weights = [weight.cpu().numpy() for weight in self.weights]
        rows = [self._geometry([weight[k] for weight in weights], features[k]) for k in range(len(self.members))]
        arrays = {name: torch.from_numpy(np.stack([row[name] for row in rows])) for name in rows[0]}
        scalars = {"objective": objective, "accuracy": accuracy, "imbalance": imbalance, "bias": self.bias[:, :, 0]}
        return arrays | scalars

    def _geometry(self, weights: list[np.ndarray], features: np.ndarray) -> dict[str, np.ndarray]:
        arrays = metrics.grams(weights, features, self.labels, self.classes)
        within = len(self.labels) > self.classes
        return arrays | {"nc1": np.array(metrics.nc1(features, self.labels, self.classes) if within else np.nan)}
