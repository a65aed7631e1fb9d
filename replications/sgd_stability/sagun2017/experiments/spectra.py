"""Spectrum of the Hessian H and size of what it has beside its Gauss-Newton part G, exact, for K two-layer ReLU networks.

H = G + R with G = (1/N) sum_i J_i^T S_i J_i and R = (1/N) sum_i sum_c (p_ic - y_ic) grad^2 f_ic: for cross-entropy with
probabilities p, S_i = diag(p_i) - p_i p_i^T. An output of such a network is linear in the weights of each layer, so that R couples
the weights into a neuron j with those out of it alone, by M_j = (1/N) sum_i [j is active on i] (x_i, 1) (p_i - y_i)^T.
"""

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, one_hot

from verifig.curvature import dense
from verifig.curvature.networks import Networks, mlp
from verifig.training.ensemble import MLP

ENTRIES = 4_000_000  # of the matrices of one kind that are kept together
STEP = 1e-6  # of the finite differences


def networks_of(model: MLP) -> Networks:
    """The members of an ensemble of ReLU networks, in double precision."""
    return Networks(mlp("relu"), model.parameters.views).to(torch.float64)


def spectra(networks: Networks, data: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    """Eigenvalues of H, increasing [K, P], and the spectral norm of H - G [K].

    Args:
        data: images [K, N, pixels] float64 and labels [K, N]. Members that are not finite get NaN.
    """
    together = max(1, ENTRIES // networks.size**2)
    parts = [slice(first, first + together) for first in range(0, len(networks), together)]
    found = [_spectra(networks[part], tuple(each[part] for each in data)) for part in parts]
    return torch.cat([values for values, _ in found]), torch.cat([norms for _, norms in found])


def _spectra(networks: Networks, data: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    blocks = couplings(networks, data)
    whole = hessian(networks, data, blocks)
    sound = whole.isfinite().flatten(1).all(1)
    values = torch.full(whole.shape[:2], torch.nan, dtype=whole.dtype, device=whole.device)
    norms = values[:, 0].clone()
    values[sound] = torch.linalg.eigvalsh(whole[sound])
    norms[sound] = torch.linalg.matrix_norm(blocks[sound], ord=2).amax(1)
    return values, norms


def couplings(networks: Networks, data: tuple[Tensor, Tensor]) -> Tensor:
    """M_j of each neuron [K, h, pixels + 1, C]; the norm of R is the largest of theirs."""
    images, labels = data
    tensors = networks.parameters
    hidden = torch.relu(images @ tensors["w1"] + tensors["b1"])
    errors = (hidden @ tensors["w2"] + tensors["b2"]).softmax(-1)
    errors = (errors - one_hot(labels, errors.shape[2])) / images.shape[1]
    inputs = torch.cat([images, torch.ones_like(images[..., :1])], -1)
    active = (hidden > 0).to(images.dtype)
    return (active.mT[..., None] * inputs[:, None]).mT @ errors[:, None]


def hessian(networks: Networks, data: tuple[Tensor, Tensor], blocks: Tensor) -> Tensor:
    """G + R [K, P, P], parameters in the order w1, b1, w2, b2."""
    whole = dense.gauss_newton(networks, cross_entropy, data, shared=False)
    members, neurons, inputs, classes = blocks.shape
    rest = torch.diag_embed(blocks.movedim(1, -1)).permute(
        0, 1, 3, 4, 2
    )  # [K, pixels + 1, h, h, C], equal neurons only
    rest = rest.reshape(members, inputs * neurons, neurons * classes)
    into, out = slice(0, inputs * neurons), slice(inputs * neurons, (inputs + classes) * neurons)
    whole[:, into, out] += rest
    whole[:, out, into] += rest.mT
    return whole


def zero_residual_error(networks: Networks, images: Tensor) -> float:
    """Largest entry of H - G over that of G where the labels are the networks' own probabilities: exactly 0."""
    outputs = torch.stack([networks.outputs(flat, {}, x) for flat, x in zip(networks.flat(), images, strict=True)])
    data = (images, outputs.softmax(-1))
    whole, part = (build(networks, cross_entropy, data, shared=False) for build in (dense.hessian, dense.gauss_newton))
    return float((whole - part).abs().max() / part.abs().max())


def difference_error(networks: Networks, data: tuple[Tensor, Tensor]) -> float:
    """Largest entry of G + R minus central differences of the gradient over the largest, of the first network."""
    network, (images, labels) = networks[:1], tuple(each[:1] for each in data)
    flat = network.flat()[0]

    def loss(at: Tensor) -> Tensor:
        return cross_entropy(network.outputs(at, {}, images[0]), labels[0])

    steps = STEP * torch.eye(len(flat), dtype=flat.dtype)
    slopes = torch.func.vmap(torch.func.grad(loss))
    rows = (slopes(flat + steps) - slopes(flat - steps)) / (2 * STEP)
    exact = hessian(network, (images, labels), couplings(network, (images, labels)))[0]
    return float((rows - exact).abs().max() / exact.abs().max())
