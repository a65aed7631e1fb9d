"""Random-feature ridge regression against its exact theory: Gaussian features, and ReLU features of images."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from replications.double_descent.science import THEME
from replications.double_descent.science.images import images
from replications.double_descent.simon2024 import eigenframework as theory
from verifig.training.ensemble import generator
from verifig.training.run import Run


def ridge(run: Run) -> dict[str, np.ndarray]:
    """Gaussian features (synthetic task), image features, and the theory of both on the same grid.

    Arrays: `gaussian.test`, `images.test` [trials, k, ridges]; `<task>.theory`, `<task>.theory_train` [k, ridges];
    `images.corrected` (finite pool); `<task>.k`, `ridges`; `theorem.*`: risks at the optimal ridge by k and by n.
    """
    s = run.settings
    result = {"ridges": np.array(s["ridges"])}
    if s["trials"]:
        result |= gaussian(run)
    if s["image_trials"]:
        result |= image_features(run)
    return result | run.once("theorem", lambda: optimal_risks(s))


def gaussian(run: Run) -> dict[str, np.ndarray]:
    """Simulated and exact risks of the synthetic task, lambda_i = v_i^2 = i^-a, features G diag(sqrt lambda) x."""
    s = run.settings
    task = theory.power_law_task(s["task_size"], s["spectral_exponent"], s["target_exponent"], s["noise_variance"])
    trials = []
    for seed in range(s["trials"]):
        kept = run.once(f"gaussian {seed}", lambda k=seed: {"test": gaussian_trial(task, s, k, run.device)})
        trials.append(kept["test"])
        run.progress(seed + 1, s["trials"], "trials")
    risks = _theory(task, s["n"], s["k"], s["ridges"])
    misread = _theory(task, s["n"], s["k"], [value * s["n"] for value in s["ridges"]])
    return {
        "gaussian.test": np.stack(trials),
        "gaussian.theory": risks[0],
        "gaussian.theory_train": risks[1],
        "gaussian.theory_misread": misread[0],
        "gaussian.k": np.array(s["k"]),
    }


def _theory(task: theory.Task, n: int, ks: list[int], ridges: list[float]) -> np.ndarray:
    """[2 (test, train), k, ridges]."""
    return np.moveaxis(np.array([[theory.risk(task, n, k, value) for value in ridges] for k in ks]), -1, 0)


def gaussian_trial(task: theory.Task, settings: Mapping, seed: int, device: torch.device) -> np.ndarray:
    """Exact population risk [k, ridges] of one draw of samples, noise and features.

    Inputs are x ~ N(0, I_M) and the predictor is linear in x, so its risk over all x has a closed form and no test
    points are needed.
    """
    stream = generator(THEME, "gaussian features", settings["task_size"], settings["n"], seed)
    root = torch.from_numpy(np.sqrt(task.eigenvalues)).to(device)
    v = torch.from_numpy(np.sqrt(task.target)).to(device)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=stream, dtype=torch.float64).to(device)

    x = normal(settings["n"], len(root))
    y = x @ v + task.noise**0.5 * normal(settings["n"])
    draws = normal(max(settings["k"]), len(root))
    features = (x * root) @ draws.T
    rows = []
    for k in settings["k"]:
        dual = dual_solutions(features[:, :k], y, settings["ridges"])
        slopes = root[:, None] * (draws[:k].T @ (features[:, :k].T @ dual)) / k
        rows.append(((v[:, None] - slopes) ** 2).sum(0) + task.noise)
    return torch.stack(rows).cpu().numpy()


def dual_solutions(features: Tensor, y: Tensor, ridges: list[float]) -> Tensor:
    """(Phi Phi^T / k + ridge I)^-1 y [n, ridges], one eigendecomposition for all ridges."""
    values, vectors = torch.linalg.eigh(features @ features.T / features.shape[1])
    scales = values.clamp_min(0)[:, None] + torch.tensor(ridges, dtype=y.dtype, device=y.device)
    return vectors @ ((vectors.T @ y)[:, None] / scales)


def image_features(run: Run) -> dict[str, np.ndarray]:
    """ReLU features of a pool of images, labels +-1 by group of classes, against theory from the exact kernel."""
    s = run.settings
    x, y = image_pool(run)
    eigen = run.once("kernel", lambda: _eigen_data(x, y))
    task = theory.Task(eigen["eigenvalues"], eigen["target"])
    inputs, targets = (torch.from_numpy(part).to(run.device) for part in (x, y))
    trials = []
    for seed in range(s["image_trials"]):
        kept = run.once(f"images {seed}", lambda k=seed: {"test": image_trial(inputs, targets, s, k)})
        trials.append(kept["test"])
        run.progress(seed + 1, s["image_trials"], "trials")
    test, train = _theory(task, s["n"], s["image_k"], s["ridges"])
    return {
        "images.test": np.stack(trials),
        "images.theory": test,
        "images.theory_train": train,
        "images.corrected": theory.pool_risk(test, train, s["n"], len(y)),
        "images.k": np.array(s["image_k"]),
    }


def image_pool(run: Run) -> tuple[np.ndarray, np.ndarray]:
    """Standardised images [N, d] and labels +-1 [N]; a pool drawn once from the data set."""
    s = run.settings
    pixels, labels = images(run, s["dataset"])
    stream = generator(THEME, "pool", s["dataset"], len(labels))
    chosen = torch.randperm(len(labels), generator=stream).numpy()[: s["pool"]]
    pixels, labels = pixels[chosen], labels[chosen]
    return (pixels - pixels.mean()) / pixels.std(), np.where(np.isin(labels, s["positive_classes"]), 1.0, -1.0)


def _eigen_data(x: np.ndarray, y: np.ndarray) -> dict[str, np.ndarray]:
    task = theory.kernel_task(theory.arc_cosine_kernel(x, x), y)
    return {"eigenvalues": task.eigenvalues, "target": task.target}


def image_trial(x: Tensor, y: Tensor, settings: Mapping, seed: int) -> np.ndarray:
    """Mean squared error on the rest of the pool [k, ridges] for one draw of training images and features."""
    stream = generator(THEME, "image features", len(y), settings["n"], seed)
    order = torch.randperm(len(y), generator=stream).to(x.device)
    width = max(settings["image_k"])
    draws = torch.randn(x.shape[1], width, generator=stream, dtype=torch.float64).to(x.device)
    features = torch.relu(x @ (draws * (2 / x.shape[1]) ** 0.5))
    train, rest = order[: settings["n"]], order[settings["n"] :]
    rows = []
    for k in settings["image_k"]:
        dual = dual_solutions(features[train, :k], y[train], settings["ridges"])
        weights = features[train, :k].T @ dual / k
        rows.append(((features[rest, :k] @ weights - y[rest, None]) ** 2).mean(0))
    return torch.stack(rows).cpu().numpy()


def optimal_risks(settings: Mapping) -> dict[str, np.ndarray]:
    """Theorem 1 on the synthetic task: exact risk at the best ridge by k and by n, and at a fixed small ridge by k."""
    s = settings
    task = theory.power_law_task(s["task_size"], s["spectral_exponent"], s["target_exponent"], s["noise_variance"])
    sizes, fixed = s["theorem_sizes"], s["theorem_n"]
    by_k = np.array([theory.optimal_ridge(task, fixed, k) for k in sizes])
    by_n = np.array([theory.optimal_ridge(task, n, fixed) for n in sizes])
    return {
        "theorem.sizes": np.array(sizes),
        "theorem.n": np.array(fixed),
        "theorem.by_k": by_k[:, 1],
        "theorem.by_n": by_n[:, 1],
        "theorem.ridge_by_k": by_k[:, 0],
        "theorem.ridgeless_by_k": np.array([theory.risk(task, fixed, k, s["small_ridge"])[0] for k in sizes]),
    }
