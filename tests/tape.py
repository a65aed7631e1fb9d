"""A stand-in for a CUDA graph on a machine without one: records a step's operations and replays them.

Like a graph it calls no Python of the program again, so whatever the program decided or computed on the host while it was
recorded is what every replay uses. Reading a tensor's value on the host, and drawing from a generator that is not
registered, are refused while recording.
"""

from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map_only

from verifig.training.steps import Steps

READS = {"_local_scalar_dense", "item", "equal", "is_nonzero", "nonzero", "unique", "_unique2", "masked_select"}
CHANGES = {"native_batch_norm"}  # changes running statistics, which its schema does not say


class Refused(RuntimeError):
    """What a CUDA graph cannot hold."""


class Tape(TorchDispatchMode):
    """The operations of one call; the stand-in for `verifig.training.steps.CudaGraph`.

    Recording does what capturing does not: it computes. So the tensors that the call changes are put back.
    """

    def __init__(self, call: Callable[[], None], generators: Mapping[str, torch.Generator]):
        super().__init__()
        self._calls: list[tuple] = []
        self._seeds = {generator.initial_seed() for generator in generators.values()}  # their wrappers differ by call
        self._kept: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}
        self._made: dict[int, torch.Tensor] = {}
        states = [(generator, generator.get_state()) for generator in generators.values()]
        try:
            with self:
                call()
        finally:
            for generator, state in states:
                generator.set_state(state)
            for tensor, before in self._kept.values():
                tensor.untyped_storage().copy_(before)

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        name = func.overloadpacket.__name__
        if name in READS:
            raise Refused(f"{func} reads a tensor on the host")
        if torch.Tag.nondeterministic_seeded in func.tags and not self._known(kwargs.get("generator")):
            raise Refused(f"{func} draws from a generator that the graph does not know")
        self._keep(func, args, kwargs)
        result = func(*args, **kwargs)
        self._calls.append((func, args, kwargs, result))
        tree_map_only(torch.Tensor, lambda tensor: self._made.setdefault(id(tensor), tensor), result)
        return result

    def _known(self, generator: torch.Generator | None) -> bool:
        return generator is not None and generator.initial_seed() in self._seeds

    def _keep(self, func, args, kwargs) -> None:
        """Remember what a tensor held before the call that first changes it."""
        if not func._schema.is_mutable and func.overloadpacket.__name__ not in CHANGES:
            return

        def keep(tensor: torch.Tensor) -> None:
            storage = tensor.untyped_storage()
            self._kept.setdefault(storage.data_ptr(), (tensor, storage.clone()))

        tree_map_only(torch.Tensor, keep, (args, kwargs))

    @staticmethod
    def aside(call: Callable[[], None]) -> None:
        """Call it: there is one stream."""
        call()

    @staticmethod
    def wait() -> None:
        """Nothing runs in the background."""

    def replay(self) -> None:
        """Run the recorded operations again: what they made anew, the rest in place."""
        fresh: dict[int, torch.Tensor] = {}

        def now(tensor: torch.Tensor) -> torch.Tensor:
            return fresh.get(id(tensor), tensor)

        with torch.no_grad():
            for func, args, kwargs, result in self._calls:
                new = func(*tree_map_only(torch.Tensor, now, args), **tree_map_only(torch.Tensor, now, kwargs))
                pairs = zip(_tensors(result), _tensors(new), strict=True)
                fresh.update({id(old): tensor for old, tensor in pairs})


def _tensors(value) -> list[torch.Tensor]:
    found: list[torch.Tensor] = []
    tree_map_only(torch.Tensor, found.append, value)
    return found


class Watch(TorchDispatchMode):
    """Refuses what a step on a device may not do: read on the host, compute there, mix devices.

    Run with a program on the meta device, which stands for a GPU on a machine without one.
    """

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if func.overloadpacket.__name__ in READS:
            raise Refused(f"{func} reads a tensor on the host")
        result = func(*args, **kwargs)
        # a tensor without dimensions may lie on the host: it is handed over as a number that never changes
        devices = {tensor.device.type for tensor in _tensors((args, kwargs, result)) if tensor.dim()}
        if devices - {"meta"}:
            raise Refused(f"{func} works on {' and '.join(sorted(devices))} in a step on a device")
        return result


def assert_replays(make: Callable[[], object], steps: int = 12) -> None:
    """Assert that steps recorded once and replayed give what steps called one by one give, bit for bit.

    Args:
        make: builds the program (a `Trainable`) on the CPU, the same each time.
        steps: taken; more than the three of each phase that are not recorded.
    """
    cpu = torch.device("cpu")
    called, replayed = make(), make()
    one_by_one, recorded = Steps(called, cpu), Steps(replayed, cpu)
    recorded._capture = Tape
    for step in range(steps):
        one_by_one.take(step)
        recorded.take(step)
    assert recorded._graphs, "no step was recorded: too few of one phase, or it cannot be"
    after = replayed.state()
    for name, value in called.state().items():
        np.testing.assert_array_equal(after[name], value, err_msg=name)
    found = replayed.record()
    for name, value in called.record().items():
        np.testing.assert_array_equal(found[name].numpy(), value.numpy(), err_msg=name)


def assert_resumes(make: Callable[[], object], at: int, steps: int) -> None:
    """Assert that a program made anew and given the state after `at` steps ends, after `steps`, in the same bits.

    Args:
        make: builds the program on the CPU, the same each time.
    """
    whole, half, rest = make(), make(), make()
    for program, first, last in ((whole, 0, steps), (half, 0, at)):
        take(program, first, last)
    rest.load(half.state())
    take(rest, at, steps)
    for name, value in whole.state().items():
        np.testing.assert_array_equal(rest.state()[name], value, err_msg=name)


def take(program: object, first: int, last: int) -> None:
    """Take the steps of a program from number `first` to before `last`, on the CPU."""
    taker = Steps(program, torch.device("cpu"))
    for step in range(first, last):
        taker.take(step)


def assert_stays_on_device(make: Callable[[torch.device], object]) -> None:
    """Assert that a step reads nothing on the host, draws nothing there and moves nothing, on the meta device.

    Args:
        make: builds the program on a device.
    """
    program = make(torch.device("meta"))
    program.prepare(0)
    with Watch():
        program.step()
