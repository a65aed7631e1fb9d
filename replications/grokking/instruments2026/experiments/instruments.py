"""What the theme's papers watch, read off the weights, the training pairs and the gradient on them; never off test pairs."""

import torch
from torch import Tensor

from replications.grokking.science import THEME, neurons, tangent
from verifig.training.ensemble import Parameters, cosine, generator

DEGREE = 3  # f(c theta) = c^3 f(theta): twice the input weights, once the output weights


class Instruments:
    """Of K networks f(x) = (x W1)^2 W2 on pairs of numbers modulo p, as they are when this is made and later.

    Args:
        parameters: `w1` [K, 2p, H], `w2` [K, H, p]; read again at every call.
        tokens: [K, N, 2] training pairs, the second number offset by p; labels: [K, N].
    """

    def __init__(self, parameters: Parameters, tokens: Tensor, labels: Tensor, classes: int):
        self.parameters, self.classes = parameters, classes
        self.inputs = torch.nn.functional.one_hot(tokens, 2 * classes).sum(2).to(parameters.flat.dtype)
        self.start = parameters.split(parameters.flat.to(torch.float64, copy=True))
        self.first_kernel = tangent.centred(self._kernel())
        self.wanted_kernel = tangent.centred(tangent.class_kernel(labels).to(parameters.flat.dtype))
        self.order = torch.arange(classes)
        self.scrambled = torch.randperm(classes, generator=generator(THEME, "instruments scrambled", classes))

    def read(self, outputs: Tensor, slope: Tensor, grads: Tensor) -> dict[str, Tensor]:
        """Every instrument [K], the kernel's in the type of the weights, the others in float64.

        Args:
            outputs: [K, N, p] of the training pairs; slope: the gradient of the mean loss by them; grads: by the weights
                [K, P].

        Returns:
            alignment: cosine of the output weights and their negative gradient (Prieto et al., Figure 5).
            norm: of all weights.
            kernel_alignment: centred alignment of the tangent kernel with that of the labels; kernel_distance: 1 - its
                centred alignment with the first one (Kumar et al.).
            participation: mean inverse participation ratio of the neurons (Doshi et al.); `scrambled_participation`: with
                the numbers 0, ..., p - 1 in a random order.
            feature_gradient: norm of G_F, the gradient that reaches the hidden units; moved_*: 1 - cosine with the first
                weights; purity: share of a neuron's strongest frequency (Tian).
            euler: by how much Euler's theorem fails, |<theta, grad L> - 3 sum f . slope| over |theta| |grad L|.
        """
        weights, slopes = (self.parameters.split(flat.double()) for flat in (self.parameters.flat, grads))
        w1, w2 = weights["w1"], weights["w2"]
        kernel = tangent.centred(self._kernel())
        flat, gradient = self.parameters.flat.double(), grads.double()
        slope = slope.double()
        along = (flat * gradient).sum(1) - DEGREE * (outputs.double() * slope).sum((1, 2))
        norm = flat.norm(dim=1)
        backpropagated = torch.bmm(slope, w2.mT).flatten(1).norm(dim=1)
        return {
            "alignment": cosine(w2, -slopes["w2"]),
            "norm": norm,
            "kernel_alignment": tangent.cosine(kernel, self.wanted_kernel),
            "kernel_distance": 1 - tangent.cosine(kernel, self.first_kernel),
            "participation": neurons.participation(w1, w2, self.order).mean(1),
            "scrambled_participation": neurons.participation(w1, w2, self.scrambled).mean(1),
            "feature_gradient": backpropagated * slope.shape[1],
            "moved_hidden": 1 - cosine(w1, self.start["w1"]),
            "moved_output": 1 - cosine(w2, self.start["w2"]),
            "purity": neurons.mean_purity(neurons.strengths(w1)),
            "euler": along.abs() / (norm * gradient.norm(dim=1)).clamp_min(torch.finfo(flat.dtype).tiny),
        }

    def _kernel(self) -> Tensor:
        return tangent.quadratic_kernel(self.inputs, self.parameters.views["w1"], self.parameters.views["w2"])
