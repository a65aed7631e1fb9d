"""Neural collapse of a classifier's last features, also for unequal classes (Papyan et al. 2020; Dang et al. 2023).

`measure` takes a network, its last linear layer and a DataLoader; `Collapse` collects features that one has already.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from replications.neural_collapse.dang2023 import closed_form, metrics
from verifig.ground.errors import InputError
from verifig.instruments.data import Batches, batches, device_of, evaluating

__all__ = ["Collapse", "geometry_targets", "measure"]


class Collapse:
    """Class means and scatter of features that come in batches, and NC1, NC2, NC3 of them; all in float64.

    Args:
        classes: K, the number of classes, labelled 0 .. K - 1.

    Attributes:
        counts: samples by class [K]. means: of the features by class [K, d].
    """

    def __init__(self, classes: int):
        if classes < 2:
            raise InputError(f"{classes} classes: neural collapse needs at least 2")
        self.counts = torch.zeros(classes, dtype=torch.float64)
        self.means: Tensor | None = None
        self._scatter: Tensor | None = None

    @torch.no_grad()
    def update(self, features: Tensor, labels: Tensor) -> "Collapse":
        """Take in features [B, ...] (flattened to [B, d]) and labels [B] int64; batches may have any size.

        Means and scatter are merged as Chan et al. (1979) do, so nothing cancels however far features lie from 0.
        """
        features, labels = features.flatten(1).double().cpu(), labels.long().cpu()
        classes, width = len(self.counts), features.shape[1]
        if self.means is None:
            self.means, self._scatter = torch.zeros(classes, width).double(), torch.zeros(width, width).double()
        if width != self.means.shape[1]:
            raise InputError(f"features have {width} entries, those before them had {self.means.shape[1]}")
        if len(labels) != len(features) or labels.min() < 0 or labels.max() >= classes:
            raise InputError(f"every row of features needs a label from 0 to {classes - 1}")
        new = torch.bincount(labels, minlength=classes).double()
        means = torch.zeros_like(self.means).index_add_(0, labels, features) / new.clamp_min(1)[:, None]
        centred = features - means[labels]
        total = self.counts + new
        moved = (means - self.means) * (new > 0)[:, None]
        joint = torch.where(total > 0, self.counts * new / total.clamp_min(1), 0)
        self._scatter += centred.T @ centred + (moved * joint[:, None]).T @ moved
        self.means += moved * (new / total.clamp_min(1))[:, None]
        self.counts = total
        return self

    def _complete(self) -> np.ndarray:
        """Class means as columns [d, K]."""
        if self.means is None or (self.counts == 0).any():
            raise InputError(f"classes without a sample: {(self.counts == 0).nonzero().flatten().tolist()}")
        return self.means.T.numpy()

    def nc1(self) -> float:
        """tr(Sig_W Sig_B^+) / K: variability within classes over that between (see dang2023's `metrics.nc1`)."""
        means, counts = self._complete(), self.counts.numpy()
        centred = means - (means @ counts / counts.sum())[:, None]
        u, singular, _ = np.linalg.svd(centred, full_matrices=False)
        if singular[0] == 0:
            return float("nan")
        keep = min(len(counts) - 1, int((singular > metrics.CUT * singular[0]).sum()))
        u = u[:, :keep] / singular[:keep]
        return float(np.einsum("dk,de,ek->", u, self._scatter.numpy(), u) / counts.sum())

    def gram(self, centred: bool = True) -> np.ndarray:
        """A^T A [K, K] of the class means, less the mean over all samples if centred."""
        means = self._complete()
        return metrics.centre(means.T @ means, self.counts.numpy()) if centred else means.T @ means

    def nc2(self, target: np.ndarray | None = None, centred: bool = True) -> float:
        """Distance of the normalised Gram matrix of the class means from a normalised target [K, K].

        The target is by default that of balanced classes: a simplex equiangular tight frame if centred, else an
        orthogonal frame; `geometry_targets(...)["feature"]` for unequal classes.
        """
        target = metrics.frame(len(self.counts), bias=centred) if target is None else np.asarray(target)
        return float(metrics.misfit(self.gram(centred), target))

    def nc3(self, weight: Tensor, scale: np.ndarray | float = 1.0, centred: bool = True) -> float:
        """Distance of the normalised classifier W [K, d] from the normalised class means T A^T (self-duality).

        Args:
            scale: T: a number, [K] by class or a matrix [K, K] (`geometry_targets(...)["scale"]`).
        """
        weight, means = weight.detach().double().cpu().numpy(), self._complete()
        if weight.shape != means.T.shape:
            raise InputError(f"the classifier is {weight.shape}, the class means are {means.T.shape}")
        output = metrics.centre(weight @ means, self.counts.numpy(), 1) if centred else weight @ means
        return float(metrics.duality(weight @ weight.T, self.gram(centred), output, scale))


def measure(model: nn.Module, classifier: nn.Linear, data: Batches, centred: bool = True) -> dict[str, float]:
    """`nc1`, `nc2`, `nc3` of what enters the last linear layer of a model, and `accuracy` on the same data.

    Args:
        classifier: the layer within the model; its inputs are the features.
        data: a pair (inputs, labels) or batches of such pairs; every class must appear.
        centred: take the mean over all samples off the class means, as for a layer with a bias.
    """
    if classifier not in list(model.modules()):
        raise InputError("the classifier is not a layer of the model")
    collapse, right, samples, caught = Collapse(classifier.out_features), 0, 0, []
    handle = classifier.register_forward_pre_hook(lambda _, inputs: caught.append(inputs[0]))
    try:
        with evaluating(model), torch.no_grad():
            for inputs, labels in batches(data, device_of(model)):
                outputs = model(inputs)
                if not caught:
                    raise InputError("the classifier took no part in the forward pass")
                collapse.update(caught.pop(), labels)
                right += int((outputs.argmax(-1) == labels).sum())
                samples += len(labels)
    finally:
        handle.remove()
    found = {"nc1": collapse.nc1(), "nc2": collapse.nc2(centred=centred)}
    return found | {"nc3": collapse.nc3(classifier.weight, centred=centred), "accuracy": right / samples}


def geometry_targets(
    sizes: Sequence[int],
    weight_decay: float | Sequence[float],
    feature_decay: float,
    depth: int = 1,
    bias: bool = False,
) -> dict[str, np.ndarray]:
    """The general orthogonal frame that classes of unequal sizes collapse to, from the exact minimiser (Dang et al. 2023).

    Args:
        sizes: samples by class [K]. weight_decay: L2 coefficients of the `depth` linear layers after the features, one or
            one a layer; feature_decay: that of the features.
        bias: whether the last layer has one, without decay.

    Returns:
        `classifier` W W^T, `feature` A^T A and `output` W A, each [K, K]; `scale`, T of `Collapse.nc3`.
    """
    try:
        solution = closed_form.solve(sizes, depth, weight_decay, feature_decay, bias)
    except ValueError as error:
        raise InputError(str(error)) from error
    return closed_form.targets(solution) | {"scale": closed_form.duality_map(solution)}
