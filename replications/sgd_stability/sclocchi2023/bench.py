"""Speed of the training programs, as ratios within one run: against a plain loop over single samples or batches."""

from collections.abc import Callable, Iterator

import torch

from replications.sgd_stability.sclocchi2023.experiments.network import Network
from replications.sgd_stability.sclocchi2023.experiments.perceptron import Perceptron
from replications.sgd_stability.sclocchi2023.experiments.rows import expand
from verifig.benchmarking.bench import Program, Result, paired
from verifig.planning import rulesets
from verifig.training.members import members_of

CPU = torch.device("cpu")
SIZE = 512  # P of the perceptrons that are compared


def networks(members: int, width: int) -> Callable[[], object]:
    """One round of SGD on networks in the lazy regime, of which none is fitted in the first rounds."""
    return _round(Network(_rows("network", "lazy", members, width=width)[:members], CPU))


PROGRAM = Program(
    about="ReLU networks with two hidden layers on 14 x 14 pixels, 64 steps on 16 images",
    make=networks,
    member="network",
    width="hidden width",
    widths=(16, 32, 64, 128),
    usual=32,
    together=8,
    operations=lambda width: 64 * 6 * 16 * (196 + width + 1) * width,
    products="float32",
)


def bench() -> Iterator[Result]:
    """A plain loop over samples until the data are fitted, over ours."""
    rows = _rows("perceptron", "chi1", 8, sizes=[SIZE])
    yield paired(
        f"plain SGD sample by sample over ours until zero hinge loss, 8 perceptrons, P = {SIZE}",
        lambda: [_plain(row) for row in rows],
        lambda: _until_fitted(Perceptron(rows, CPU)),
        better="higher",
    )


def _rows(experiment: str, condition: str, count: int, **changes) -> list[dict]:
    values = rulesets.settings(rulesets.load("sclocchi2023"), experiment, "laptop", {})
    first = next(member for member in members_of(values) if member["condition"] == condition)
    row = expand([first | changes])[0]
    return [row | {"seed": seed} for seed in range(count)]


def _round(program: Network) -> Callable[[], None]:
    program.prepare(0)
    return program.step


def _until_fitted(program: Perceptron) -> None:
    step = 0
    while program.prepare(step) != "rest":
        program.step()
        step += 1


def _plain(row: dict) -> None:
    """One sample after the other; the whole set is checked every P samples."""
    z = Perceptron([row], CPU).data[0]
    w, stream = torch.zeros(z.shape[1]), torch.Generator().manual_seed(row["seed"])
    while (z @ w < 1 / row["alpha"]).any():
        for chosen in torch.randint(len(z), (len(z),), generator=stream).tolist():
            if z[chosen] @ w < 1 / row["alpha"]:
                w += row["temperature"] * z[chosen]
