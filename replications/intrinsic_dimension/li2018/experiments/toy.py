"""The quadratic toy: least loss in a random subspace, by linear algebra; nothing is trained."""

from collections.abc import Mapping

import numpy as np
import torch

from replications.intrinsic_dimension.li2018.experiments.data import SLUG
from replications.intrinsic_dimension.science.projections import dense
from verifig.training.ensemble import generator
from verifig.training.run import Run


def toy(run: Run) -> dict[str, np.ndarray]:
    """Least loss over the loss at theta_0.

    Arrays: `left` [members, largest + 1] by dimension d = 0, 1, ...; `draws` [draws, n] at the dimensions `draw_dimensions` [n], of
    the members' first condition (10 groups).
    """
    settings = run.settings
    left = np.array([least(member) for member in run.members])
    found = run.once("draws", lambda: {"left": many(settings)})
    return {"left": left, "draws": found["left"], "draw_dimensions": np.array(settings["draw_dimensions"])}


def problem(member: Mapping) -> tuple[np.ndarray, np.ndarray]:
    """Constraints A [k, D], sums over k groups of equal size, and targets b = 1, 2, ..., k.

    `extra`: one more row, the sum of all others (`dependent`: of the parameters and of the targets), or a random one (`independent`).
    """
    groups, size = member["constraints"], member["size"]
    sums = np.kron(np.eye(groups), np.ones(size // groups))
    targets = np.arange(1.0, groups + 1)
    if member["extra"] == "none":
        return sums, targets
    if member["extra"] == "dependent":
        return np.vstack([sums, sums.sum(0)]), np.append(targets, targets.sum())
    stream = generator(SLUG, "constraint", member["seed"])
    row = torch.randn(size, generator=stream, dtype=torch.float64).numpy()
    return np.vstack([sums, row]), np.append(targets, groups + 1.0)


def least(member: Mapping) -> np.ndarray:
    """Least loss over the first [largest + 1], in nested subspaces of dimension 0, 1, ..., largest."""
    matrix, targets = problem(member)
    streams = (generator(SLUG, name, member["size"], member["seed"]) for name in ("toy start", "toy projection"))
    start = torch.randn(member["size"], generator=next(streams), dtype=torch.float64).numpy()
    rows = dense([member["size"]], member["largest"], next(streams), torch.float64).matrix().numpy()
    residual, reach = targets - matrix @ start, matrix @ rows.T
    losses = [np.sum(residual**2)]
    for dimension in range(1, member["largest"] + 1):
        found = np.linalg.lstsq(reach[:, :dimension], residual, rcond=None)[0]
        losses.append(np.sum((residual - reach[:, :dimension] @ found) ** 2))
    return np.array(losses) / losses[0]


def many(settings: Mapping) -> np.ndarray:
    """The same for many draws of theta_0 and P at once [draws, n], each at all of `draw_dimensions`, in nested subspaces, by QR; from k on all is solved."""
    count, size = settings["draws"], settings["size"]
    matrix, targets = (torch.from_numpy(each) for each in problem(settings | {"extra": "none"}))
    stream, largest, parts = generator(SLUG, "toy draws"), max(settings["draw_dimensions"]), []
    for part in torch.arange(count).split(100):
        start = torch.randn(len(part), size, generator=stream, dtype=torch.float64)
        rows = torch.randn(len(part), size, largest, generator=stream, dtype=torch.float64)
        reach = matrix @ (rows / rows.norm(dim=1, keepdim=True))
        residual = targets - start @ matrix.T
        inside = (torch.linalg.qr(reach)[0].transpose(1, 2) @ residual[..., None])[..., 0].square().cumsum(1)
        share = 1 - inside / residual.square().sum(1, keepdim=True)
        parts.append(share[:, torch.tensor(settings["draw_dimensions"]).clamp_max(inside.shape[1]) - 1])
    return torch.cat(parts).numpy()
