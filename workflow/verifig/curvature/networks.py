"""K networks of one shape: a pure function of parameters and inputs, and parameters with a leading member axis."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state

from verifig.ground.errors import InputError

Function = Callable[[Mapping[str, Tensor], Tensor], Tensor]
Loss = Callable[[Tensor, Tensor], Tensor]
ACTIVATIONS = {"relu": torch.relu, "tanh": torch.tanh, "linear": lambda hidden: hidden}


@dataclass(frozen=True)
class Networks:
    """K networks, differentiated by their P parameters each.

    Args:
        function: (tensors of one network by name, inputs [n, ...]) -> outputs [n, ...]; pure, sample by sample.
        parameters: by name, each [K, *shape]; their order, each flattened, is that of the P parameters everywhere.
        fixed: further tensors that `function` wants, [K, *shape] each, constant (buffers, frozen parameters).

    Raises:
        InputError: there are no parameters.
    """

    function: Function
    parameters: Mapping[str, Tensor]
    fixed: Mapping[str, Tensor] = field(default_factory=dict)

    def __post_init__(self):
        if not sum(value[0].numel() for value in self.parameters.values()):
            raise InputError("the model has no parameters that require gradients")

    def __len__(self) -> int:
        return len(next(iter(self.parameters.values())))

    def __getitem__(self, members: slice) -> "Networks":
        """Some of the members."""
        parts = ({name: value[members] for name, value in each.items()} for each in (self.parameters, self.fixed))
        return Networks(self.function, *parts)

    @property
    def size(self) -> int:
        """P, the number of parameters of a member."""
        return sum(value[0].numel() for value in self.parameters.values())

    def flat(self) -> Tensor:
        """Parameters as vectors [K, P], no longer part of a graph."""
        return torch.cat([value.detach().flatten(1) for value in self.parameters.values()], 1)

    def split(self, vector: Tensor) -> dict[str, Tensor]:
        """A vector [P] as tensors by name, shaped like the parameters of one member."""
        sizes = [value[0].numel() for value in self.parameters.values()]
        parts = zip(self.parameters.items(), vector.split(sizes), strict=True)
        return {name: part.view(value.shape[1:]) for (name, value), part in parts}

    def outputs(self, vector: Tensor, fixed: Mapping[str, Tensor], inputs: Tensor) -> Tensor:
        """Outputs of one network at parameters `vector` [P]."""
        return self.function(self.split(vector) | fixed, inputs)

    def to(self, dtype: torch.dtype) -> "Networks":
        """The same networks in another floating-point type (buffers of integers stay)."""
        parts = (
            {name: value.to(dtype) if value.is_floating_point() else value for name, value in each.items()}
            for each in (self.parameters, self.fixed)
        )
        return Networks(self.function, *parts)


def stack(*modules: nn.Module) -> Networks:
    """Modules of one architecture as networks in evaluation mode (no dropout, running averages in batch normalisation).

    Parameters that do not require gradients are constants.

    Raises:
        InputError: no module, or modules without parameters that require gradients.
    """
    if not modules:
        raise InputError("there is no model")
    frame = copy.deepcopy(modules[0]).eval()
    state, buffers = stack_module_state(list(modules))
    trained = {name for name, value in modules[0].named_parameters() if value.requires_grad}
    state = {name: value.detach() for name, value in state.items()}
    parameters = {name: value for name, value in state.items() if name in trained}
    frozen = {name: value for name, value in state.items() if name not in trained}

    def function(tensors: Mapping[str, Tensor], inputs: Tensor) -> Tensor:
        return functional_call(frame, dict(tensors), (inputs,))

    return Networks(function, parameters, frozen | buffers)


def mlp(activation: str = "relu") -> Function:
    """The multilayer perceptron of `verifig.training.ensemble.MLP` as a function of `w1`, `b1`, `w2`, ... of one member.

    With an ensemble `model`, `Networks(mlp("tanh"), model.parameters.views)` are its members.

    Args:
        activation: of the hidden units: `relu`, `tanh` or `linear`.
    """
    act = ACTIVATIONS[activation]

    def function(tensors: Mapping[str, Tensor], inputs: Tensor) -> Tensor:
        depth, hidden = sum(name.startswith("w") for name in tensors), inputs
        for layer in range(1, depth + 1):
            hidden = hidden @ tensors[f"w{layer}"]
            if f"b{layer}" in tensors:
                hidden = hidden + tensors[f"b{layer}"]
            hidden = act(hidden) if layer < depth else hidden
        return hidden

    return function
