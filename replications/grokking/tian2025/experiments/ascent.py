"""Independent feature learning alone: neurons that climb the energy on the unit sphere (Theorems 1 and 2)."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from replications.grokking.science import THEME, fourier
from replications.grokking.science.tasks import table
from replications.grokking.tian2025 import energy
from verifig.training.ensemble import generator
from verifig.training.loop import log_points, train
from verifig.training.run import Run
from verifig.training.trainable import Trainable

ANGLES = np.linspace(0, 90, 31)  # degrees, from one maximum to another


def ascent(run: Run) -> dict[str, np.ndarray]:
    """Climb from random starts, every condition x seed.

    Returns:
        the records of `Ascent`, [members, log points, starts]; `steps` [log points]; `feature_energy` [members, frequencies],
        that of a unit cosine of each frequency with random phases; `angle` and `between` [members, angles], the energy
        on the arc from the feature of frequency 1 to that of frequency 2.
    """
    members, steps = run.members, run.settings["steps"]
    points = log_points(steps, run.settings["log_every"])
    records = train(
        run,
        members,
        lambda chunk: Ascent(chunk, run.device),
        steps,
        points,
        signature=lambda member: (member["modulus"], member["starts"]),
        chunk=run.settings["chunk"],
    )
    exact = [run.once(f"exact {k}", lambda member=member: features(member)) for k, member in enumerate(members)]
    longest = max(len(each["feature_energy"]) for each in exact)
    padded = [
        np.pad(e["feature_energy"], (0, longest - len(e["feature_energy"])), constant_values=np.nan) for e in exact
    ]
    return records | {
        "steps": np.array(points),
        "feature_energy": np.stack(padded),
        "angle": ANGLES,
        "between": np.stack([each["between"] for each in exact]),
    }


def features(member: Mapping) -> dict[str, np.ndarray]:
    """The energy (Equation 7, summed over all pairs) of unit cosines, and of what lies between two of them."""
    modulus = member["modulus"]
    inputs, targets = energy.pairs_as_inputs(modulus), energy.centred_targets(labels(member), modulus)
    stream = generator(THEME, "tian2025", "phases", modulus, member["seed"])
    phases = 2 * torch.pi * torch.rand(modulus // 2, 2, generator=stream, dtype=torch.float64)
    if modulus % 2 == 0:
        phases[-1] = 0
    cosines = [energy.maximiser(modulus, k, *pair) for k, pair in enumerate(phases.tolist(), start=1)]
    angle = torch.from_numpy(np.radians(ANGLES))[:, None]
    arc = torch.cos(angle) * cosines[0] + torch.sin(angle) * cosines[1]
    return {
        "feature_energy": energy.energy(torch.stack(cosines), inputs, targets).numpy(),
        "between": energy.energy(arc, inputs, targets).numpy(),
    }


def labels(member: Mapping) -> Tensor:
    """The results [M^2] of all sums modulo M, in the order of `table`; permuted over the pairs if `shuffle_labels`."""
    modulus = member["modulus"]
    results = table(modulus, "add")[1]
    if member["shuffle_labels"]:
        results = results[torch.randperm(modulus**2, generator=generator(THEME, "shuffle", modulus, member["seed"]))]
    return results


class Ascent(Trainable):
    """Neurons w [K, starts, 2 M] of K members on the unit sphere, each climbing by itself.

    A step adds `step_size` / M times the gradient of the energy and normalises. At a single-frequency maximum the
    gradient is M w, so that with a step size of 1 all other frequencies are halved by each step there.
    """

    def __init__(self, members: list[Mapping], device: torch.device):
        super().__init__()
        self.modulus = members[0]["modulus"]
        shape = (members[0]["starts"], 2 * self.modulus)
        streams = [generator(THEME, "tian2025", "starts", self.modulus, member["seed"]) for member in members]
        draws = torch.stack([torch.randn(shape, generator=stream, dtype=torch.float64) for stream in streams])
        self.inputs = energy.pairs_as_inputs(self.modulus).to(device)
        self.targets = torch.stack([energy.centred_targets(labels(m), self.modulus) for m in members]).to(device)
        rates = torch.tensor([m["step_size"] / self.modulus for m in members], dtype=torch.float64)
        self.rates = rates[:, None, None].to(device)
        self.tensors = {"weights": (draws / draws.norm(dim=-1, keepdim=True)).to(device)}

    def step(self) -> None:
        """One step of all neurons."""
        weights = self.tensors["weights"]
        weights.addcmul_(energy.gradient(weights, self.inputs, self.targets), self.rates)
        weights.div_(weights.norm(dim=-1, keepdim=True))

    def record(self) -> dict[str, Tensor]:
        """By neuron: energy, share of the strongest frequency in |w|^2 and which it is, tangent gradient over gradient,
        and the absolute cosine between v and the reflection of u."""
        weights = self.tensors["weights"]
        first, second = weights.split(self.modulus, -1)
        shares = fourier.energy(first) + fourier.energy(second)
        slopes = energy.gradient(weights, self.inputs, self.targets)
        reflected = torch.roll(first.flip(-1), 1, -1)
        return {
            "energy": energy.energy(weights, self.inputs, self.targets),
            "purity": shares.amax(-1),
            "frequency": shares.argmax(-1).double() + 1,
            "tangent": energy.tangent(weights, slopes).norm(dim=-1) / slopes.norm(dim=-1),
            "reflection": torch.nn.functional.cosine_similarity(reflected, second, dim=-1).abs(),
        }
