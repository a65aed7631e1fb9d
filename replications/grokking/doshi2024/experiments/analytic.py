"""The analytic solution (Eq. 2) at several moduli and widths, and participation ratios of known vectors."""

import numpy as np
import torch
from torch import Tensor

from replications.grokking.doshi2024.analytic import PRINTED, accuracy, correct, outputs, solution
from replications.grokking.science import THEME, fourier
from verifig.training.run import Run
from verifig.training.seeds import derive


def analytic(run: Run) -> dict[str, np.ndarray]:
    """Arrays [moduli, widths, draws]: `accuracy`, `correct` (mean output at the correct class), `spread` (its standard
    deviation over pairs), the same with the exponent as printed (`printed_*`), `participation` (smallest of the neurons').

    `known`: [2 (one-sided, all frequencies), 3 (cosine, one-hot vector, noise)] participation ratios, each [moduli].
    """
    s = run.settings
    draws = [
        run.once(f"p {p}, N {width}", lambda p=p, width=width: several(p, width, s["seeds"]))
        for p in s["moduli"]
        for width in s["widths"]
    ]
    shape = len(s["moduli"]), len(s["widths"]), s["seeds"]
    found = {name: np.stack([draw[name] for draw in draws]).reshape(shape) for name in draws[0]}
    axes = {"moduli": np.array(s["moduli"]), "widths": np.array(s["widths"])}
    return found | axes | {"known": np.stack([known(p) for p in s["moduli"]])}


def several(p: int, width: int, draws: int) -> dict[str, np.ndarray]:
    """Measurements by draw [draws]."""
    rows = [one(p, width, derive(THEME, "doshi analytic", p, width, draw)) for draw in range(draws)]
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def one(p: int, width: int, seed: int) -> dict[str, float]:
    """The measurements of one draw of frequencies and phases."""
    weights = solution(p, width, np.random.default_rng(seed))
    printed = outputs(*solution(p, width, np.random.default_rng(seed), PRINTED))
    values = outputs(*weights)
    rows = np.stack([weights[0], weights[1], weights[2].T])
    return {
        "accuracy": accuracy(values),
        "correct": correct(values).mean(),
        "spread": correct(values).std(),
        "participation": fourier.participation(torch.from_numpy(rows)).mean(0).min().item(),
        "printed_accuracy": accuracy(printed),
        "printed_correct": correct(printed).mean(),
    }


def known(p: int) -> np.ndarray:
    """Participation ratios [2, 3], over one-sided and over all frequencies, of a cosine, a one-hot vector and noise."""
    wave = torch.cos(2 * torch.pi * 3 * torch.arange(p, dtype=torch.float64) / p + 0.4)
    single = torch.eye(p, dtype=torch.float64)[1]
    noise = torch.from_numpy(np.random.default_rng(derive(THEME, "doshi noise", p)).standard_normal((4000, p)))
    measures = fourier.participation, everywhere
    return np.array([[f(wave).item(), f(single).item(), f(noise).mean().item()] for f in measures])


def everywhere(vectors: Tensor) -> Tensor:
    """Inverse participation ratio of real vectors [..., p] over all p frequencies, as Eq. 3 is printed: [...]."""
    power = torch.fft.fft(vectors).abs().square()
    return power.square().sum(-1) / power.sum(-1).square()
