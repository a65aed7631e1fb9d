"""Early-learning regularisation: its loss for any training loop, its targets, and its gradient written out.

Source: Liu, Niles-Weed, Razavian, Fernandez-Granda, NeurIPS 2020 (arXiv 2007.00151), equations 5 to 7, Lemma 2 and
Appendix C; the limits of the probabilities are those of the authors' code.
"""

import torch
from torch import Tensor, nn

LOWEST = 1e-4  # probabilities are kept between this and 1 minus this, or the logarithm has no bound


def kept_within(probabilities: Tensor) -> Tensor:
    """Probabilities no closer than 1e-4 to 0 and 1, as the authors' code keeps them."""
    return probabilities.clamp(LOWEST, 1 - LOWEST)


def averaged(targets: Tensor, probabilities: Tensor, beta: float | Tensor) -> Tensor:
    """The running average t <- beta t + (1 - beta) p of a model's own outputs.

    Args:
        targets: t [..., classes], zero before the first update.
        probabilities: softmax outputs [..., classes]; kept within their limits and normalised again.
        beta: share of the old value, a number or a tensor that broadcasts.
    """
    inside = kept_within(probabilities.detach())
    return beta * targets + (1 - beta) * (inside / inside.sum(-1, keepdim=True))


class Targets:
    """The targets of all training examples, for a training loop of one's own.

    ```
    targets = Targets(len(train_set), classes=10)
    for rows, inputs, labels in batches:  # rows: the numbers of the examples
        logits = model(inputs)
        loss = elr_loss(logits, labels, targets.update(rows, logits))
    ```

    Args:
        count: number of training examples.
        classes: number of classes.
        beta: share of the old target that an update keeps.
        device: where they lie.
    """

    def __init__(self, count: int, classes: int, beta: float = 0.7, device: torch.device | str = "cpu"):
        self.values = torch.zeros(count, classes, device=device)
        self.beta = beta

    def update(self, rows: Tensor, logits: Tensor) -> Tensor:
        """Average the outputs of a batch into the targets of its examples, and return these.

        Args:
            rows: numbers of the examples, int64 [batch].
            logits: [batch, classes].
        """
        new = averaged(self.values.index_select(0, rows), logits.softmax(1).to(self.values.dtype), self.beta)
        self.values.index_copy_(0, rows, new)
        return new


def elr_loss(logits: Tensor, labels: Tensor, targets: Tensor, strength: float = 3.0) -> Tensor:
    """Cross-entropy plus strength log(1 - <p, t>), the mean over a batch; no gradient flows through the targets.

    Args:
        logits: [batch, classes].
        labels: int64 [batch], as they were observed.
        targets: t [batch, classes], updated with these outputs before (see `Targets`).
        strength: lambda.
    """
    agreement = (targets.detach() * kept_within(logits.softmax(-1))).sum(-1)
    return nn.functional.cross_entropy(logits, labels) + strength * torch.log(1 - agreement).mean()


def kl_loss(logits: Tensor, labels: Tensor, targets: Tensor, strength: float = 3.0) -> Tensor:
    """Cross-entropy plus strength times the cross-entropy towards the targets, -<t, log p> (Appendix C); as `elr_loss`."""
    towards = (targets.detach() * logits.log_softmax(-1)).sum(-1)
    return nn.functional.cross_entropy(logits, labels) - strength * towards.mean()


def elr_gradient(probabilities: Tensor, targets: Tensor) -> Tensor:
    """Gradient of log(1 - <p, t>) by the logits (Lemma 2): p_c (<p, t> - t_c) / (1 - <p, t>).

    Entries of p that their limits hold do not move with the logits, so that they count in the denominator alone.

    Args:
        probabilities: p [..., classes].
        targets: t [..., classes].
    """
    inside = kept_within(probabilities)
    moving = targets * (inside == probabilities)
    pull = (probabilities * moving).sum(-1, keepdim=True) - moving
    return probabilities * pull / (1 - (inside * targets).sum(-1, keepdim=True))


def kl_gradient(probabilities: Tensor, targets: Tensor) -> Tensor:
    """Gradient of -<t, log p> by the logits: p sum(t) - t, for [..., classes]."""
    return probabilities * targets.sum(-1, keepdim=True) - targets
