# %% [markdown]
# # How far from the best is this run, exactly?
# A two-layer ReLU network with weight decay has a global optimum that a convex programme finds, with a certificate
# ([Pilanci and Ergen 2020](https://arxiv.org/abs/2002.10553), [Bai et al. 2023](https://arxiv.org/abs/2201.01965)). So the cost of a training run can be held
# against the lowest there is. Beside it: which classifier an activation becomes in infinite depth.

# %%
import numpy as np
import torch

from verifig.instruments.attention_svm import attention_svm, correlation, rank
from verifig.instruments.convex_relu import convex_two_layer
from verifig.instruments.infinite_depth import cubic, deep_limit, hermite, relu
from verifig.instruments.linear_evaluation import bayes_vs_logistic
from verifig.pages import figures

draw = np.random.default_rng(0)
x = np.sort(draw.uniform(-1, 1, 12))
y = np.sin(4 * x) + 0.3 * draw.standard_normal(12)
inputs, PENALTY = np.stack([x, np.ones(12)], 1), 0.02  # a column of ones is the bias
best = convex_two_layer(inputs, y, PENALTY)
print(f"no two-layer network costs less than {best.bound:.8f}; this one costs {best.value:.8f}")

# %% [markdown]
# Twenty runs of Adam from different starts, with few and with many neurons, on squared loss / 2 and penalty / 2 times all squared
# weights.


# %%
def ends(neurons, runs=20, steps=2000):
    """Costs [runs] at the end of training, all runs at once."""
    torch.manual_seed(neurons)
    hidden = torch.randn(runs, 2, neurons, dtype=torch.float64, requires_grad=True)
    output = (torch.randn(runs, neurons, dtype=torch.float64) / neurons**0.5).requires_grad_(True)
    data, targets = torch.tensor(inputs), torch.tensor(y)
    optimizer = torch.optim.Adam([hidden, output], 0.02)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(steps):
        outputs = torch.einsum("rnm,rm->rn", (data @ hidden).relu(), output)
        decay = hidden.square().sum((1, 2)) + output.square().sum(1)
        costs = (outputs - targets).square().sum(1) / 2 + PENALTY / 2 * decay
        optimizer.zero_grad()
        costs.sum().backward()
        optimizer.step()
        schedule.step()
    return costs.detach().numpy()


excess = {neurons: ends(neurons) / best.bound - 1 for neurons in (4, 10, 40)}
for neurons, gaps in excess.items():
    print(
        f"{neurons:2} neurons: best run {gaps.min():.1e} above the optimum, {np.mean(gaps < 0.01):.0%} of runs within 1 %"
    )

# %%
figure, (axes,) = figures.grid(width=6.5, height=3.2)
for neurons, gaps in excess.items():
    axes.plot(np.sort(np.maximum(gaps, 1e-9)), np.arange(1, len(gaps) + 1) / len(gaps), label=f"{neurons} neurons")
axes.set(xscale="log", xlabel="cost above the optimum, relative", ylabel="share of runs")
axes.legend()
figure.set_label("Share of training runs that end within a gap of the global optimum, for 4, 10 and 40 neurons.")
figure

# %% [markdown]
# The same exactness for depth: three activations, three classifiers, decided by a few Gaussian means of each
# ([Radhakrishnan et al. 2023](https://arxiv.org/abs/2204.14126)).

# %%
seen = np.array([[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]])
new = np.array([[0.8, 0.6]])
for activation in (hermite([0, 0, 1], "second Hermite polynomial"), relu(), cubic(2)):
    limit = deep_limit(new @ seen.T, activation)
    shares = limit.weights[0] / limit.weights[0].sum()
    print(f"{activation.name}: {limit.regime}, shares of the three seen labels in the vote {np.round(shares, 3)}")

# %% [markdown]
# And two more: the support vector machine that the weights of an attention layer come to, in both norms
# ([Tarzanagh et al. 2023](https://arxiv.org/abs/2308.16898)), and how many samples naive Bayes and logistic regression need in the
# simulation of [Zheng et al. (2023)](https://arxiv.org/abs/2302.02334).

# %%
tokens, queries = draw.standard_normal((6, 8, 10)), draw.standard_normal((6, 10))
scores = draw.standard_normal((6, 8))
frobenius, nuclear = (attention_svm(tokens, scores, queries, norm) for norm in ("frobenius", "nuclear"))
print(
    f"ranks {rank(frobenius.matrix)} and {rank(nuclear.matrix)}, correlation {correlation(frobenius.matrix, nuclear.matrix):.3f}"
)
for dimension in (50, 100):
    needed = bayes_vs_logistic(dimension)
    print(
        f"{dimension} features: naive Bayes needs {needed['naive_bayes']:.0f} samples, logistic regression {needed['logistic']:.0f}"
    )
