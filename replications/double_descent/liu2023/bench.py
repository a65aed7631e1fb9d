"""Speed of the closed forms, as ratios within one run and at equal results, and growth of the two-layer program.

Spectral gradient descent against iteration; function-space SGD over many models against a loop of torch programs; one
decomposition for all solvers against one for each.
"""

from collections.abc import Callable, Iterator

import torch

from replications.double_descent.liu2023.experiments import function_space
from replications.double_descent.liu2023.experiments.random_features import at_width, solvers
from replications.double_descent.science import spectral
from replications.double_descent.science.features import Sample, centred_one_hot, model, noisy_labels, sample
from replications.double_descent.science.two_layer import TwoLayer, pooled
from verifig.benchmarking.bench import Program, Result, paired
from verifig.planning import rulesets
from verifig.training import data
from verifig.training.ensemble import generator
from verifig.training.members import members_of

STEPS = 10_000
SGD_WIDTHS = (80, 100, 120, 400)
SGD_EPOCHS = 2


def two_layer(members: int, width: int) -> Callable[[], object]:
    """One step of two-layer networks."""
    values = rulesets.settings(rulesets.load("liu2023"), "two_layer", "laptop", seeds=members)
    chosen = [member | {"width": width} for member in members_of(values) if member["condition"] == "adam"]
    pixels, labels = data.embedded(values["dataset"])
    return TwoLayer(chosen, (pooled(pixels, values["pool_size"]), labels), torch.device("cpu")).step


PROGRAM = Program(
    about="two-layer ReLU networks on 100 images of 49 pixels, ten classes, Adam",
    make=two_layer,
    member="network",
    width="hidden width",
    widths=(40, 80, 160, 320),
    usual=80,
    together=8,
    operations=lambda width: 2 * 100 * width * (2 * 49 + 3 * 10),
    products="float32",
)


def bench() -> Iterator[Result]:
    """Comparisons with iteration, with plain programs, and with one decomposition a solver."""
    values = rulesets.settings(rulesets.load("liu2023"), "features", "laptop")
    settings = {name: value for name, value in values.items() if name != "conditions"} | {"seed": "bench"}
    drawn = sample(data.embedded("mnist_5k"), settings, "bench", torch.device("cpu"))
    targets = centred_one_hot(noisy_labels(drawn.labels, 2, settings["label_noise"], "bench"), 2)
    for width in (100, 400):
        yield _descent(drawn, settings, targets, width)
    yield _sgd(drawn, settings, targets)
    plan, features = solvers(settings), model(drawn, settings, 100)[0]
    yield paired(
        f"features, one decomposition, {len(plan)} solvers and their errors over as many decompositions, W = 100",
        lambda: at_width(drawn, settings, 100),
        lambda: [spectral.decompose(features, 2) for _ in plan],
    )


def _descent(drawn: Sample, settings: dict, targets: torch.Tensor, width: int) -> Result:
    z, _, start = model(drawn, settings, width)
    rate = 1 / float(spectral.decompose(z, 2).curvatures[0])

    def closed() -> torch.Tensor:
        parts = spectral.decompose(z, 2)
        return spectral.trained_weights(parts, targets, start, spectral.residual_factors(parts.curvatures, STEPS, rate))

    def iterated() -> torch.Tensor:
        return spectral.gradient_descent(z, targets, start, STEPS, rate)

    apart = float((closed() - iterated()).abs().max())
    name, note = f"{STEPS:,} iterated steps over the closed form, W = {width}", f"largest difference {apart:.0e}"
    return paired(name, iterated, closed, better="higher", note=note)


def _sgd(drawn: Sample, settings: dict, targets: torch.Tensor) -> Result:
    built = [model(drawn, settings, width) for width in SGD_WIDTHS]
    kernels = torch.stack([z @ z.T for z, _, _ in built])
    residuals = torch.stack([z @ start - targets for z, _, start in built])

    def together() -> None:
        stream = generator("bench")
        function_space.sgd(kernels, residuals, 0.01, 1, SGD_EPOCHS, [stream] * len(built))

    def plain() -> None:
        for z, _, start in built:
            layer = start.clone().requires_grad_()
            optimizer = torch.optim.SGD([layer], 0.01)
            for _ in range(SGD_EPOCHS):
                for index in torch.randperm(len(z)).tolist():
                    optimizer.zero_grad(set_to_none=True)
                    torch.nn.functional.mse_loss(z[index] @ layer, targets[index]).backward()
                    optimizer.step()

    name = f"a torch program a model over function space, SGD with batch 1, {len(built)} widths"
    return paired(name, plain, together, better="higher")
