# %% [markdown]
# # Where will the test error peak, before anything is trained?
# The eigenvalues of a kernel and the coefficients of a target in its eigenvectors predict the test error of ridge regression
# at any number of samples and random features ([Simon et al. 2024](https://arxiv.org/abs/2311.14646)). Here the prediction for scikit-learn's
# digits is held against random-feature regressions.

# %%
import numpy as np
from sklearn.datasets import load_digits

from verifig.instruments.double_descent import effective_model_complexity, peak, predicted_errors
from verifig.pages import figures

digits = load_digits()
x = digits.data / np.linalg.norm(digits.data, axis=1, keepdims=True)
y = np.where(digits.target < 5, 1.0, -1.0)
draw = np.random.default_rng(0)
angle = np.arccos(np.clip(x @ x.T, -1, 1))
kernel = (np.sin(angle) + (np.pi - angle) * np.cos(angle)) / np.pi  # infinitely many ReLU features

# %% [markdown]
# 200 samples, a tiny ridge, more and more features: the error peaks where there are as many features as samples.

# %%
N, RIDGE = 200, 1e-5
WIDTHS = [25, 50, 100, 150, 180, 200, 220, 260, 400, 800, 1600]
predicted = predicted_errors(kernel, y, N, RIDGE, features=WIDTHS).test


def regression(rows, width, seed):
    """(predictions on all digits, training error) of random-feature ridge regression on some rows."""
    weights = np.random.default_rng(seed).standard_normal((x.shape[1], width))
    phi = np.maximum(x @ weights, 0) * np.sqrt(2 / width)
    gram = phi[rows] @ phi[rows].T + RIDGE * np.eye(len(rows))
    outputs = phi @ (phi[rows].T @ np.linalg.solve(gram, y[rows]))
    return outputs, np.mean((outputs[rows] - y[rows]) ** 2)


def test_error(width, seed):
    rows = np.random.default_rng(seed).permutation(len(x))[:N]
    rest = np.setdiff1d(np.arange(len(x)), rows)
    return np.mean((regression(rows, width, seed)[0][rest] - y[rest]) ** 2)


errors = np.array([[test_error(width, seed) for width in WIDTHS] for seed in range(8)])
place, rise = peak(WIDTHS, errors)
print(
    f"the error peaks at {place:.0f} features and rises there by {rise.observed:.2f} [{rise.low:.2f}, {rise.high:.2f}]"
)

# %%
figure, (axes,) = figures.grid(width=6.5, height=3.4)
axes.plot(WIDTHS, predicted, color=figures.BLUE, label="predicted, nothing trained")
look = {"color": figures.PALETTE[1], "linestyle": "none", "marker": "o", "markersize": 4}
axes.errorbar(WIDTHS, errors.mean(0), errors.std(0), **look, label="8 runs, mean and standard deviation")
axes.set(xlabel="random features", ylabel="test error (squared)", yscale="log")
figures.log_ticks(axes.xaxis)
axes.legend()
figure.set_label(
    "Test error over the number of random features, predicted and of eight runs; both peak at the number of samples."
)
figure

# %% [markdown]
# Nakkiran et al. (2020) put the peak where the *effective model complexity* of the whole procedure is the sample size: the most
# samples on which it still reaches a small training error.

# %%
for width in (50, 100, 200):
    complexity = effective_model_complexity(
        lambda n, trial, width=width: regression(np.random.default_rng(trial).permutation(len(x))[:n], width, trial)[1],
        [25, 50, 75, 100, 125, 150, 175, 200, 225, 250],
        tolerance=0.01,
    )
    print(f"{width} features fit at most {complexity} samples")
