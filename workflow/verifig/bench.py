"""Benchmarks: ratios within one run, never compared across machines. Rule sets bring theirs as replications/<slug>/bench.py."""

import importlib
import statistics
import time
from collections.abc import Callable, Iterator

from verifig import paths


def run(slugs: list[str]) -> None:
    """Print the benchmarks of these rule sets, line by line as they finish.

    Raises:
        InputError: an unknown rule set.
    """
    for slug in slugs:
        paths.ruleset_dir(slug)
        if not (paths.REPLICATIONS / slug / "bench.py").exists():
            continue
        print(f"{slug}:", flush=True)
        for line in bench(slug):
            print(f"  {line}", flush=True)


def bench(slug: str) -> Iterator[str]:
    """Lines of one rule set's benchmark."""
    from verifig.device import prepare_torch

    prepare_torch("cpu", 1)
    yield from importlib.import_module(f"replications.{slug}.bench").bench()


def paired(first: Callable[[], object], second: Callable[[], object], rounds: int = 5) -> tuple[float, float]:
    """Median seconds of two functions, run in turn so that a drifting machine hits both; each is warmed up once."""
    first(), second()
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for function, taken in zip((first, second), times, strict=True):
            start = time.perf_counter()
            function()
            taken.append(time.perf_counter() - start)
    return statistics.median(times[0]), statistics.median(times[1])


def matmul_rate(size: int = 1024, dtype: str = "float32") -> float:
    """This machine's own rate of large matrix products on the current threads, in FLOP a second."""
    import torch

    a, b = (torch.randn(size, size, dtype=getattr(torch, dtype)) for _ in range(2))
    seconds, _ = paired(lambda: a @ b, lambda: None, rounds=9)
    return 2 * size**3 / seconds
