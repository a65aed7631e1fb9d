"""The networks, each K at once with parameters [K, P] in one flat tensor: perceptrons, one convolution by patches, LeNet."""

import math
from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn.functional import conv2d, max_pool2d

from replications.intrinsic_dimension.li2018.experiments.data import CLASSES, SLUG
from verifig.training.ensemble import MLP, Parameters, generator

PATCH, STRIDE = 5, 2  # of the small convolutional network


class Traced:
    """K networks whose gradient automatic differentiation finds; used like `MLP`."""

    def __init__(self, shapes: Mapping[str, tuple[int, ...]], members: int, dtype: torch.dtype, device: torch.device):
        self.parameters = Parameters(shapes, members, dtype, device)

    def forward(self, views: Mapping[str, Tensor], inputs: Tensor) -> Tensor:
        """Outputs [K, B, classes] of inputs [K, B, pixels]."""
        raise NotImplementedError

    def __call__(self, inputs: Tensor, keep: bool = False) -> Tensor:
        """Outputs [K, B, classes]; `keep` for `backward`."""
        if not keep:
            return self.forward(self.parameters.views, inputs)
        self._leaves = {name: view.detach().requires_grad_() for name, view in self.parameters.views.items()}
        self._outputs = self.forward(self._leaves, inputs)
        return self._outputs.detach()

    def backward(self, gradient: Tensor, out: Tensor) -> None:
        """Fill `out` [K, P] with the gradient, given that by the outputs, after a call with `keep`."""
        grads = torch.autograd.grad(self._outputs, list(self._leaves.values()), gradient)
        for target, grad in zip(self.parameters.split(out).values(), grads, strict=True):
            target.copy_(grad)


class Patches(Traced):
    """One convolution of 5x5 with stride 2, ReLU, one linear layer; inputs [K, B, patches * 25], patch by patch (see `patches`)."""

    def __init__(self, side: int, channels: int, members: int, dtype: torch.dtype, device: torch.device):
        count = ((side - PATCH) // STRIDE + 1) ** 2
        shapes = {
            "w1": (PATCH**2, channels),
            "b1": (1, channels),
            "w2": (count * channels, CLASSES),
            "b2": (1, CLASSES),
        }
        super().__init__(shapes, members, dtype, device)

    def forward(self, views: Mapping[str, Tensor], inputs: Tensor) -> Tensor:
        members, batch, _ = inputs.shape
        hidden = torch.baddbmm(views["b1"], inputs.reshape(members, -1, PATCH**2), views["w1"]).relu()
        return torch.baddbmm(views["b2"], hidden.view(members, batch, -1), views["w2"])


class LeNet(Traced):
    """Convolutions of 5x5 with 6 and 16 channels, each with ReLU and max pooling, then 120, 84 and 10 neurons."""

    def __init__(self, side: int, members: int, dtype: torch.dtype, device: torch.device):
        left = ((side - 4) // 2 - 4) // 2
        widths = (16 * left**2, 120, 84, CLASSES)
        shapes: dict[str, tuple[int, ...]] = {"w1": (6, 1, 5, 5), "b1": (6,), "w2": (16, 6, 5, 5), "b2": (16,)}
        for layer in range(3):
            shapes |= {f"w{layer + 3}": widths[layer : layer + 2], f"b{layer + 3}": (1, widths[layer + 1])}
        super().__init__(shapes, members, dtype, device)

    def forward(self, views: Mapping[str, Tensor], inputs: Tensor) -> Tensor:
        members, batch, pixels = inputs.shape
        side = math.isqrt(pixels)
        hidden = inputs.transpose(0, 1).reshape(batch, members, side, side)
        for layer in (1, 2):
            weight = views[f"w{layer}"].flatten(0, 1)
            hidden = conv2d(hidden, weight, views[f"b{layer}"].flatten(), groups=members)
            hidden = max_pool2d(hidden.relu(), 2)
        hidden = hidden.view(batch, members, -1).transpose(0, 1)
        for layer in (3, 4, 5):
            hidden = torch.baddbmm(views[f"b{layer}"], hidden, views[f"w{layer}"])
            hidden = hidden.relu() if layer < 5 else hidden
        return hidden


def build(member: Mapping, side: int, members: int, dtype: torch.dtype, device: torch.device) -> MLP | Traced:
    """K networks of a member's kind, all zero, for images of side x side pixels."""
    if member["network"] == "fc":
        sizes = [side**2, *[member["width"]] * member["depth"], CLASSES]
        return MLP(sizes, members, bias=True, dtype=dtype, device=device)
    if member["network"] == "patches":
        return Patches(side, member["width"], members, dtype, device)
    return LeNet(side, members, dtype, device)


def patches(member: Mapping, side: int) -> Tensor:
    """Which pixel each input is: all of them in turn, or those of the patches, patch by patch."""
    pixels = torch.arange(side**2)
    if member["network"] != "patches":
        return pixels
    windows = pixels.view(side, side).unfold(0, PATCH, STRIDE).unfold(1, PATCH, STRIDE)
    return windows.reshape(-1)


def sizes(parameters: Parameters) -> list[int]:
    """Numbers of entries of a network's tensors."""
    return [columns.stop - columns.start for columns in parameters.columns.values()]


def entries(parameters: Parameters) -> Tensor:
    """Columns of the flat tensor that hold parameters [D], gaps left out."""
    return torch.cat([torch.arange(columns.start, columns.stop) for columns in parameters.columns.values()])


def first(member: Mapping, parameters: Parameters) -> Tensor:
    """First parameters of one network [P]: weights N(0, 2 / fan-in), biases 0; by seed and shape."""
    flat = torch.zeros(1, parameters.flat.shape[1], dtype=parameters.flat.dtype)
    stream = generator(SLUG, "weights", member["network"], member["width"], member["depth"], member["seed"])
    for name, view in parameters.split(flat).items():
        if name.startswith("w"):
            shape = view.shape[1:]
            fan_in = math.prod(shape[1:]) if len(shape) == 4 else shape[0]
            view[0] = torch.randn(shape, generator=stream, dtype=flat.dtype) * (2 / fan_in) ** 0.5
    return flat[0]
