"""Early-learning regularisation against noisy labels (Liu et al. 2020): what its theme shares, for a network of one's own."""

from replications.noisy_labels.science.elr import Targets, elr_loss, kl_loss
from replications.noisy_labels.science.noise import asymmetric, symmetric

__all__ = ["Targets", "asymmetric", "elr_loss", "kl_loss", "symmetric"]
