"""Many models as one tensor program: every parameter carries a leading member axis.

The forward and backward passes are written out with batched matrix products: on a CPU this is several times faster
than automatic differentiation over small models, and a K-member program computes what K single programs would.
"""

import itertools
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from verifig.training.seeds import derive

ALIGNMENT = 16  # bytes: kernels with vector loads need it, and some of cuDNN's exist for nothing else


def padded(count: int, dtype: torch.dtype) -> int:
    """The next number of elements that ends at a multiple of 16 bytes."""
    unit = ALIGNMENT // dtype.itemsize
    return -(-count // unit) * unit


def dtype_of(member: Mapping) -> torch.dtype:
    """The floating-point type that a member's setting `dtype` names."""
    return getattr(torch, member["dtype"])


class Parameters:
    """Named parameters of K members in one flat tensor `flat` [K, P]; `views[name]` has shape [K, *shape].

    One flat tensor lets optimisers update all layers at once; the views share its memory. Each begins at a multiple of
    16 bytes (`columns[name]` is its slice); the gaps between are 0 and stay so, since their gradients are.
    """

    def __init__(self, shapes: Mapping[str, Sequence[int]], members: int, dtype: torch.dtype, device: torch.device):
        self.shapes = {name: tuple(shape) for name, shape in shapes.items()}
        self.columns: dict[str, slice] = {}
        start = 0
        for name, shape in self.shapes.items():
            size = torch.Size(shape).numel()
            self.columns[name] = slice(start, start + size)
            start += padded(size, dtype)
        self.flat = torch.zeros(members, start, dtype=dtype, device=device)
        self.views = self.split(self.flat)

    @property
    def count(self) -> int:
        """Number of parameters of a member, gaps not counted."""
        return sum(columns.stop - columns.start for columns in self.columns.values())

    def split(self, flat: Tensor) -> dict[str, Tensor]:
        """Views by name into any [K, P] tensor laid out like the parameters (gradients, moments)."""
        return {name: flat[:, self.columns[name]].unflatten(1, shape) for name, shape in self.shapes.items()}

    def like(self) -> Tensor:
        """A zero [K, P] tensor."""
        return torch.zeros_like(self.flat)


def generator(*names: object) -> torch.Generator:
    """A CPU generator whose seed derives from names (see `seeds.derive`)."""
    return torch.Generator().manual_seed(derive(*names))


class MLP:
    """K multilayer perceptrons: `sizes` = (inputs, hidden..., outputs), hidden `activation`, optional biases.

    Weights are named `w1`, `w2`, ... with shape [K, fan_in, fan_out], biases `b1`, ... with shape [K, 1, fan_out].
    Inputs are dense, [K, N, inputs] or [N, inputs] shared by all members, or integer tokens [K, N, T]: then the first
    layer sums T rows of `w1`, which equals a product with concatenated one-hot vectors without computing it (on a GPU
    that product is the faster: see `indicators`).
    """

    def __init__(
        self,
        sizes: Sequence[int],
        members: int,
        *,
        bias: bool = False,
        activation: str = "relu",
        dtype: torch.dtype = torch.float32,
        device: torch.device = torch.device("cpu"),
    ):
        self.depth = len(sizes) - 1
        self.bias = bias
        self.forward_activation, self.backward_activation = ACTIVATIONS[activation]
        shapes: dict[str, tuple[int, ...]] = {}
        for layer, (fan_in, fan_out) in enumerate(itertools.pairwise(sizes), start=1):
            shapes[f"w{layer}"] = (fan_in, fan_out)
            if bias:
                shapes[f"b{layer}"] = (1, fan_out)
        self.parameters = Parameters(shapes, members, dtype, device)
        self.weights = [self.parameters.views[f"w{layer}"] for layer in range(1, self.depth + 1)]

    def initialise(self, generators: Sequence[torch.Generator]) -> None:
        """torch's default Linear initialisation, U(-1/sqrt(fan_in), 1/sqrt(fan_in)), one generator a member."""
        for member, stream in enumerate(generators):
            for layer, weight in enumerate(self.weights, start=1):
                bound = weight.shape[1] ** -0.5
                for name in (f"w{layer}", f"b{layer}") if self.bias else (f"w{layer}",):
                    target = self.parameters.views[name][member]
                    draw = torch.rand(target.shape, generator=stream, dtype=torch.float64)
                    target.copy_((2 * draw - 1) * bound)

    def __call__(self, inputs: Tensor, keep: bool = False) -> Tensor:
        """Outputs [K, N, outputs]; `keep` stores the activations for `backward`."""
        hidden = inputs
        activations = [inputs]
        for layer in range(1, self.depth + 1):
            hidden = self._linear(hidden, layer)
            if layer < self.depth:
                hidden = self.forward_activation(hidden)
                activations.append(hidden)
        if keep:
            self._activations = activations
        return hidden

    def backward(self, gradient: Tensor, out: Tensor) -> None:
        """Fill `out` [K, P] with the gradient of the loss, given its gradient by the outputs [K, N, outputs].

        Call after a forward pass with `keep`. Only post-activation values are stored.
        """
        grads = self.parameters.split(out)
        for layer in range(self.depth, 0, -1):
            below = self._activations[layer - 1]
            if self.bias:
                grads[f"b{layer}"].copy_(gradient.sum(1, keepdim=True))
            if layer == 1:
                grads["w1"].copy_(self._input_gradient(below, gradient))
            else:
                grads[f"w{layer}"].copy_(torch.bmm(below.transpose(1, 2), gradient))
                gradient = torch.bmm(gradient, self.weights[layer - 1].transpose(1, 2))
                gradient = self.backward_activation(gradient, below)

    def _linear(self, inputs: Tensor, layer: int) -> Tensor:
        weight = self.weights[layer - 1]
        if inputs.dtype == torch.int64:
            rows = self._rows(inputs)
            table = weight.reshape(-1, weight.shape[2])
            result = table.index_select(0, rows[0])
            for index in rows[1:]:
                result += table.index_select(0, index)
            result = result.view(*inputs.shape[:2], -1)
        else:
            result = torch.bmm(self._per_member(inputs), weight)
        if self.bias:
            result += self.parameters.views[f"b{layer}"]
        return result

    def _input_gradient(self, inputs: Tensor, gradient: Tensor) -> Tensor:
        if inputs.dtype != torch.int64:
            return torch.bmm(self._per_member(inputs).transpose(1, 2), gradient)
        members, fan_in, fan_out = self.weights[0].shape
        table = gradient.new_zeros(members * fan_in, fan_out)
        for index in self._rows(inputs):
            table.index_add_(0, index, gradient.reshape(-1, fan_out))
        return table.view(members, fan_in, fan_out)

    def _rows(self, tokens: Tensor) -> list[Tensor]:
        """Row numbers in the stacked first-layer table, one flat index a token position."""
        offset = torch.arange(tokens.shape[0], device=tokens.device)[:, None] * self.weights[0].shape[1]
        return [(tokens[..., position] + offset).flatten() for position in range(tokens.shape[2])]

    def _per_member(self, inputs: Tensor) -> Tensor:
        return inputs if inputs.dim() == 3 else inputs.expand(self.weights[0].shape[0], *inputs.shape)


ACTIVATIONS = {
    # name: (value, gradient by the input from the gradient by the value and the value itself)
    "relu": (torch.relu_, lambda gradient, value: torch.ops.aten.threshold_backward(gradient, value, 0)),
    "tanh": (torch.tanh_, lambda gradient, value: gradient * (1 - value * value)),
    "linear": (lambda hidden: hidden, lambda gradient, value: gradient),
}


def indicators(tokens: Tensor, count: int, dtype: torch.dtype) -> Tensor:
    """Token numbers [K, N, T] as the sum of their one-hot vectors [K, N, count] on a GPU, as they are on a CPU.

    The gradient of a look-up adds rows in an order that must be sorted first to be deterministic on a GPU; a product
    with zeros and ones needs no sorting and gives the same sums.
    """
    if tokens.device.type == "cpu":
        return tokens
    numbers = torch.arange(count, device=tokens.device)
    return sum((position[..., None] == numbers).to(dtype) for position in tokens.unbind(2))


def cosine(a: Tensor, b: Tensor) -> Tensor:
    """Cosine of the angle between two tensors per member: [K, ...], [K, ...] -> [K]."""
    a, b = a.flatten(1), b.flatten(1)
    return (a * b).sum(1) / (a.norm(dim=1) * b.norm(dim=1)).clamp_min(torch.finfo(a.dtype).tiny)
