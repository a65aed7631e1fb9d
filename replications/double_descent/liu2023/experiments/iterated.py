"""What has no spectral form: minibatch SGD, Adam, cross-entropy, and the control with a trained first layer."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from replications.double_descent.liu2023.experiments import function_space
from replications.double_descent.science import THEME
from replications.double_descent.science.features import (
    ACTIVATIONS,
    Sample,
    centred_one_hot,
    error,
    first_layer,
    model,
    noisy_labels,
    sample,
)
from replications.double_descent.science.images import images
from verifig.training import optim
from verifig.training.device import flushed_denormals
from verifig.training.ensemble import MLP, generator
from verifig.training.loop import train
from verifig.training.run import Run
from verifig.training.trainable import Trainable

EPOCHS_A_PART = 100  # epochs between checkpoints of SGD


def iterated(run: Run) -> dict[str, np.ndarray]:
    """Final (or recorded) losses of the conditions by seed and width.

    Arrays: `<condition>.train_mse`, `.test_mse`, `.test_error` [seeds, points, widths], `.widths`, `.points` (steps).
    """
    data = images(run, run.settings["dataset"])
    conditions: dict[str, list[dict]] = {}
    for member in run.members:
        conditions.setdefault(member["condition"], []).append(member)
    result: dict[str, np.ndarray] = {}
    for name, members in conditions.items():
        settings = members[0]
        draws = [sample(data, member, member["seed"], run.device) for member in members]
        if settings["train_first_layer"]:
            found = trained_first_layer(run, name, members, draws)
        elif settings["optimizer"] == "sgd" and settings["loss"] == "mse":
            found = minibatch(run, name, members, draws)
        else:
            found = parameter_space(run, name, members, draws)
        points = settings["record_steps"] if "steps" in found else [settings["epochs"]]
        found.pop("steps", None)
        result |= {f"{name}.{field}": values for field, values in found.items()}
        result[f"{name}.widths"], result[f"{name}.points"] = np.array(settings["widths"]), np.array(points)
    return result


def minibatch(run: Run, name: str, members: list[dict], draws: list[Sample]) -> dict[str, np.ndarray]:
    """SGD in function space, all seeds and widths at once; kept every `EPOCHS_A_PART` epochs."""
    settings, widths = members[0], members[0]["widths"]
    built = [
        (model(drawn, member, width), drawn, member)
        for member, drawn in zip(members, draws, strict=True)
        for width in widths
    ]
    start = torch.stack([z @ a0 * m["output_scale"] - _targets(drawn, m) for (z, _, a0), drawn, m in built])
    kernels = torch.stack([z @ z.T for (z, _, _), _, _ in built])
    residuals, dual = start, torch.zeros_like(start)
    for done in range(0, settings["epochs"], EPOCHS_A_PART):
        count = min(EPOCHS_A_PART, settings["epochs"] - done)

        def part(done=done, count=count, residuals=residuals, dual=dual) -> dict[str, np.ndarray]:
            orders = {m["seed"]: generator(THEME, "batches", done, m["seed"]) for m in members}
            streams = [orders[m["seed"]] for _, _, m in built]
            rate, batch, decay = settings["learning_rate"], settings["batch_size"], settings["rate_decay"]
            left, gained = function_space.sgd(kernels, residuals, rate, batch, count, streams, decay, done)
            return {"residuals": left.cpu().numpy(), "dual": (dual + gained).cpu().numpy()}

        kept = run.once(f"{name} {done}", part)
        residuals, dual = (torch.from_numpy(kept[field]).to(run.device) for field in ("residuals", "dual"))
        run.progress(done + count, settings["epochs"], f"epochs of {name}")
    rows = []
    for index, ((z, z_test, a0), drawn, member) in enumerate(built):
        weights = member["output_scale"] * a0 + z.T @ dual[index]
        rows.append(_losses(z, z_test, weights, drawn, _targets(drawn, member)))
    table = np.array(rows).reshape(len(members), len(widths), 3)
    return {field: table[:, None, :, k] for k, field in enumerate(("train_mse", "test_mse", "test_error"))}


def _targets(drawn: Sample, settings: Mapping) -> Tensor:
    labels = noisy_labels(drawn.labels, drawn.classes, settings["label_noise"], settings["seed"])
    return centred_one_hot(labels, drawn.classes)


def _losses(z: Tensor, z_test: Tensor, weights: Tensor, drawn: Sample, targets: Tensor) -> list[float]:
    test = z_test @ weights
    wanted = centred_one_hot(drawn.test_labels, drawn.classes)
    values = ((z @ weights - targets) ** 2).mean(), ((test - wanted) ** 2).mean(), error(test, drawn.test_labels)
    return [float(value) for value in values]


class OutputLayer(Trainable):
    """Output layers of equal width trained by Adam or SGD in parameter space, one row of hyperparameters for all.

    The squared loss of a narrow model needs only Z^T Z and Z^T Y; cross-entropy needs Z. A minibatch is drawn with
    replacement, the same rows for all models.
    """

    def __init__(self, members: list[Mapping], draws: list[Sample], device: torch.device):
        super().__init__()
        first = members[0]
        self.loss, self.batch = first["loss"], first["batch_size"]
        built = [model(drawn, member, member["width"]) for member, drawn in zip(members, draws, strict=True)]
        self.z, self.z_test = (torch.stack([b[k] for b in built]) for k in (0, 1))
        self.targets = torch.stack([_targets(d, m) for d, m in zip(draws, members, strict=True)])
        if self.loss == "cross_entropy":  # its targets are not centred
            self.targets = torch.nn.functional.one_hot(self.targets.argmax(-1), draws[0].classes).double()
        self.wanted = torch.stack([centred_one_hot(d.test_labels, d.classes) for d in draws])
        start = torch.stack([m["output_scale"] * b[2] for m, b in zip(members, built, strict=True)])
        self.shape = start.shape
        self.weights = start.reshape(1, -1).to(device)
        self.optimizer = optim.of(self.weights, [first])
        self.tensors = {"weights": self.weights, **self.optimizer.tensors}
        if self.batch < first["n"]:
            self.rows = torch.zeros(self.batch, dtype=torch.int64, device=device)
            self.generators = {"batches": generator(THEME, "batches", "parameter space", first["seed"])}
        self.gram = self.z.transpose(1, 2) @ self.z
        self.moment = self.z.transpose(1, 2) @ self.targets

    def prepare(self, step: int) -> None:
        if self.generators:
            n = self.targets.shape[1]
            self.rows.copy_(torch.randint(n, (self.batch,), generator=self.generators["batches"]))

    def step(self) -> None:
        with flushed_denormals():
            gradient = self._gradient(self.weights.view(self.shape))
            self.optimizer.step(self.weights, gradient.reshape(1, -1))

    def _gradient(self, weights: Tensor) -> Tensor:
        n, outputs = self.targets.shape[1:]
        if self.loss == "mse" and self.batch >= n:
            if self.z.shape[2] <= n:
                return torch.baddbmm(self.moment, self.gram, weights, beta=-1) * (2 / (n * outputs))
            residual = torch.baddbmm(self.targets, self.z, weights, beta=-1)
            return self.z.transpose(1, 2) @ residual * (2 / (n * outputs))
        z, targets = self.z, self.targets
        if self.batch < n:
            z, targets = z.index_select(1, self.rows), targets.index_select(1, self.rows)
        return z.transpose(1, 2) @ _slope(self.loss, z @ weights, targets)

    def record(self) -> dict[str, Tensor]:
        weights = self.weights.view(self.shape)
        test, train_outputs = self.z_test @ weights, self.z @ weights
        return {
            "train_mse": _loss(self.loss, train_outputs, self.targets),
            "test_mse": _loss(self.loss, test, self.wanted),
            "test_error": (test.argmax(-1) != self.wanted.argmax(-1)).double().mean(1),
        }


def _loss(kind: str, outputs: Tensor, targets: Tensor) -> Tensor:
    """Loss by model [M]; for cross-entropy the mean negative log likelihood of the class of `targets`."""
    if kind == "mse":
        return ((outputs - targets) ** 2).mean((1, 2))
    chosen = torch.log_softmax(outputs, -1).gather(-1, targets.argmax(-1, keepdim=True))
    return -chosen.mean((1, 2))


def _slope(kind: str, outputs: Tensor, targets: Tensor) -> Tensor:
    """Gradient of `_loss` by the outputs [M, |B|, C]; targets one-hot, for the squared loss centred."""
    if kind == "mse":
        return (outputs - targets) * (2 / (outputs.shape[1] * outputs.shape[2]))
    return (torch.softmax(outputs, -1) - targets) / outputs.shape[1]


def parameter_space(run: Run, name: str, members: list[dict], draws: list[Sample]) -> dict[str, np.ndarray]:
    """Train the output layers of all widths; the models of one width are one program."""
    settings = members[0]
    by_seed = {member["seed"]: drawn for member, drawn in zip(members, draws, strict=True)}
    expanded = [member | {"width": width} for member in members for width in settings["widths"]]
    steps = settings["epochs"] * max(1, -(-settings["n"] // settings["batch_size"]))
    found = train(
        run,
        expanded,
        lambda chunk: OutputLayer(chunk, [by_seed[m["seed"]] for m in chunk], run.device),
        steps,
        settings["record_steps"],
        signature=lambda member: member["width"],
        chunk=settings["chunk"],
        name=name,
    )
    return _by_width(found, len(members), len(settings["widths"]))


def _by_width(found: dict[str, np.ndarray], seeds: int, widths: int) -> dict[str, np.ndarray]:
    """[seeds x widths, points] -> [seeds, points, widths]."""
    shaped = {field: np.moveaxis(values.reshape(seeds, widths, -1), 1, 2) for field, values in found.items()}
    return shaped | {"steps": np.array(1)}


class BothLayers(Trainable):
    """The random-feature model with its first layer trained as well (control: its threshold is no longer W = n).

    Inputs are expressed in the row space of the training images: gradients never leave it, so this is exact for SGD.
    """

    def __init__(self, members: list[Mapping], draws: list[Sample], device: torch.device):
        super().__init__()
        first, width = members[0], members[0]["width"]
        mean, deviation = first["pixel_mean"], first["pixel_std"]
        inputs, tests, bases = [], [], []
        for drawn in draws:
            x, x_test = (drawn.x - mean) / deviation, (drawn.x_test - mean) / deviation
            basis = torch.linalg.svd(x, full_matrices=False)[2]
            inputs.append(x @ basis.T)
            tests.append(x_test)
            bases.append(basis)
        self.x, self.x_test, self.bases = (torch.stack(part).float() for part in (inputs, tests, bases))
        classes = draws[0].classes
        self.net = MLP((self.x.shape[2], width, classes), len(members), activation=first["activation"], device=device)
        self.frozen = []
        for k, (member, drawn) in enumerate(zip(members, draws, strict=True)):
            weights = first_weights(drawn, member, width)
            self.net.weights[0][k] = (self.bases[k].double() @ weights).float()
            self.net.weights[1][k] = (member["output_scale"] * model(drawn, member, width)[2]).float()
            outside = weights - self.bases[k].double().T @ (self.bases[k].double() @ weights)
            self.frozen.append(self.x_test[k] @ outside.float())
        self.frozen = torch.stack(self.frozen)
        self.targets = torch.stack([_targets(d, m) for d, m in zip(draws, members, strict=True)]).float()
        self.wanted = torch.stack([centred_one_hot(d.test_labels, d.classes) for d in draws]).float()
        flat = self.net.parameters.flat
        self.optimizer, self.gradients = optim.of(flat, members), self.net.parameters.like()
        self.activation = ACTIVATIONS[first["activation"]]
        self.tensors = {"weights": flat, **self.optimizer.tensors}

    def step(self) -> None:
        with flushed_denormals():
            outputs = self.net(self.x, keep=True)
            self.net.backward(_slope("mse", outputs, self.targets), self.gradients)
            self.optimizer.step(self.net.parameters.flat, self.gradients)

    def record(self) -> dict[str, Tensor]:
        hidden = self.activation(self.x_test @ self.bases.transpose(1, 2) @ self.net.weights[0] + self.frozen)
        test = hidden @ self.net.weights[1]
        return {
            "train_mse": _loss("mse", self.net(self.x), self.targets),
            "test_mse": _loss("mse", test, self.wanted),
            "test_error": (test.argmax(-1) != self.wanted.argmax(-1)).double().mean(1),
        }


def first_weights(drawn: Sample, settings: Mapping, width: int) -> Tensor:
    """The same first layer as the frozen model's."""
    return first_layer(drawn.x.shape[1], width, settings["feature_scale"], settings["seed"], drawn.x.device)


def trained_first_layer(run: Run, name: str, members: list[dict], draws: list[Sample]) -> dict[str, np.ndarray]:
    """Train both layers by full-batch gradient descent with momentum."""
    settings = members[0]
    by_seed = {member["seed"]: drawn for member, drawn in zip(members, draws, strict=True)}
    expanded = [member | {"width": width} for member in members for width in settings["widths"]]
    found = train(
        run,
        expanded,
        lambda chunk: BothLayers(chunk, [by_seed[m["seed"]] for m in chunk], run.device),
        settings["epochs"],
        settings["record_steps"],
        signature=lambda member: member["width"],
        chunk=settings["chunk"],
        name=name,
    )
    return _by_width(found, len(members), len(settings["widths"]))
