"""Any torch module trained in a random affine subspace through its first parameters."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.func import functional_call

from replications.intrinsic_dimension.science.projections import Dense, Fastfood, Sparse, dense


class Subspace(nn.Module):
    """A module whose D parameters are theta_0 + P phi; only the coordinates phi [d] are trained, from 0.

    `optimizer = torch.optim.Adam(Subspace(module, 500).parameters())` trains 500 numbers. The module's parameters never change;
    its buffers and its mode (`train`, `eval`) are those of this one.

    Args:
        module: whose parameters now are theta_0.
        dimension: d.
        projection: how P is drawn: `projections.dense`, `sparse` or `fastfood`.
        stream: a CPU generator, or None for one with seed 0.
    """

    def __init__(
        self,
        module: nn.Module,
        dimension: int,
        projection: Callable[..., Dense | Sparse | Fastfood] = dense,
        stream: torch.Generator | None = None,
    ):
        super().__init__()
        named = dict(module.named_parameters())
        self._names, self._shapes = list(named), [each.shape for each in named.values()]
        self._sizes = [each.numel() for each in named.values()]
        start = torch.cat([each.detach().flatten() for each in named.values()])
        self._module = (module,)  # not a submodule: its parameters are not trained
        self.projection = projection(
            self._sizes, dimension, stream or torch.Generator().manual_seed(0), start.dtype
        ).to(start.device)
        self._start = start.clone()
        self.coordinates = nn.Parameter(start.new_zeros(dimension))

    def train(self, mode: bool = True) -> "Subspace":
        """Set the mode of dropout and batch normalisation in the module."""
        self._module[0].train(mode)
        return super().train(mode)

    @property
    def flat(self) -> Tensor:
        """All parameters theta_0 + P phi [D], in the order of `module.parameters()`."""
        return self._start + self.projection(self.coordinates)

    def forward(self, *args, **kwargs):
        """The module's outputs at the current point of the subspace."""
        return self.at(self.flat, *args, **kwargs)

    def at(self, flat: Tensor, *args, **kwargs):
        """The module's outputs with parameters `flat` [D]."""
        parts = flat.split(self._sizes)
        values = {name: part.view(shape) for name, part, shape in zip(self._names, parts, self._shapes, strict=True)}
        return functional_call(self._module[0], values, args, kwargs)
