"""The analytic solution of addition modulo p (Eq. 2): periodic weights that need no training. Numpy alone."""

import numpy as np

EXPONENT = 1 / 3  # of the amplitude (2 / N)^exponent of each weight; the paper prints -1/3
PRINTED = -1 / 3


def solution(
    p: int, width: int, stream: np.random.Generator, exponent: float = EXPONENT
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weights U [N, p], V [N, p], W [p, N] of f(m, n) = W (U e_m + V e_n)^2.

    Neuron k has one frequency s_k, the phases a_k and b_k of U and V are uniform, that of W makes up for both:
    U_ki = A cos(2 pi s_k i / p + a_k), V_kj = A cos(2 pi s_k j / p + b_k), W_qk = A cos(2 pi s_k q / p + a_k + b_k),
    with A = (2 / N)^exponent. The frequencies run through random orders of 1, ..., (p - 1) / 2.

    Args:
        p: odd modulus; width: number of neurons N.
    """
    half = np.arange(1, (p + 1) // 2)
    repeats = -(-width // len(half))
    frequencies = np.concatenate([stream.permutation(half) for _ in range(repeats)])[:width, None]
    first, second = stream.uniform(0, 2 * np.pi, (2, width, 1))
    angles = 2 * np.pi * frequencies * np.arange(p) / p
    waves = np.cos(angles + first), np.cos(angles + second), np.cos(angles + first + second)
    u, v, w = ((2 / width) ** exponent * wave for wave in waves)
    return u, v, w.T


def outputs(u: np.ndarray, v: np.ndarray, w: np.ndarray) -> np.ndarray:
    """f(m, n) [p, p, p] for all pairs of numbers; for the exponent 1/3 the correct output is 1 + O(1 / sqrt N)."""
    hidden = (u.T[:, None] + v.T[None]) ** 2
    return hidden @ w.T


def correct(values: np.ndarray) -> np.ndarray:
    """Outputs [p, p] at the correct class, (m + n) mod p, of outputs [p, p, p]."""
    p = len(values)
    m, n = np.indices((p, p))
    return values[m, n, (m + n) % p]


def accuracy(values: np.ndarray) -> float:
    """Share of all p^2 pairs whose largest output [p, p, p] is the correct one."""
    p = len(values)
    return float((values.argmax(2) == np.add.outer(np.arange(p), np.arange(p)) % p).mean())
