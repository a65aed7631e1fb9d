# %% [markdown]
# # Up to which learning rate does SGD stay at this minimum?
# Full-batch gradient descent leaves a minimum above 2 / sharpness. SGD leaves it earlier: the smaller its batches, the
# more their curvatures differ. From the Gauss-Newton rows of every sample the threshold in mean square is exact
# ([Wu and Su 2023](https://arxiv.org/abs/2305.17490), [Mulayoff and Michaeli 2023](https://arxiv.org/abs/2306.07850)). Here it is held against SGD
# itself, started a hair from an interpolating minimum.

# %%
import torch
from torch import nn

from verifig.instruments.sgd_stability import half_squared, sharpness, stable_learning_rate
from verifig.pages import figures

torch.manual_seed(0)
x = torch.randn(24, 4, dtype=torch.float64)
model = nn.Sequential(nn.Linear(4, 24), nn.Tanh(), nn.Linear(24, 1)).double()
y = model(x).detach()  # the network interpolates its own outputs

BATCHES = (1, 2, 4, 8, 24)
limits = {b: stable_learning_rate(model, half_squared, (x, y), b, replacement=False) for b in BATCHES}
print(f"2 / sharpness: {2 / sharpness(model, half_squared, (x, y)):.4f}")
for size, limit in limits.items():
    print(f"batches of {size:2}: stable up to {limit:.4f}")

# %% [markdown]
# The experiment: 200 runs of 300 steps at multiples of the threshold, each from the minimum moved by a millionth. Shown is
# the mean squared distance in the directions that the data see; above 1 it has grown.


# %%
def grown(batch, rate, runs=200, steps=300):
    """Mean over runs of the squared change of the outputs, over what it was, for the linearised network."""
    slopes = [torch.autograd.grad(model(row[None]).sum(), list(model.parameters())) for row in x]
    jacobian = torch.stack([torch.cat([part.flatten() for part in each]) for each in slopes])
    stream = torch.Generator().manual_seed(batch)
    moved = torch.randn(runs, jacobian.shape[1], generator=stream, dtype=torch.float64) @ jacobian.T
    kernel, start = jacobian @ jacobian.T, moved.square().mean()
    for _ in range(steps):
        rows = torch.rand(runs, len(x), generator=stream).argsort(1)[:, :batch]
        moved -= rate / batch * torch.einsum("rb,rbn->rn", moved.gather(1, rows), kernel[rows])
    return float(moved.square().mean() / start)


shares = [0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3]
curves = {b: [grown(b, share * limits[b]) for share in shares] for b in BATCHES}

# %%
figure, (axes,) = figures.grid(width=6.5, height=3.4)
for size, curve in curves.items():
    axes.plot(shares, curve, marker="o", markersize=4, label=f"batches of {size}")
axes.set(xlabel="learning rate / threshold", ylabel="squared distance, end / start", yscale="log")
axes.axhline(1, color=figures.MUTED, linewidth=1)
axes.axvline(1, color=figures.MUTED, linewidth=1)
axes.legend()
figure.set_label(
    "Squared distance from the minimum after 300 steps of SGD over that before, by learning rate in units of the threshold, "
    "for five batch sizes."
)
figure

# %% [markdown]
# Finite samples of a heavy-tailed growth hide some of it: for the smallest batches the mean is carried by rare runs, so the
# simulated curve crosses 1 a little later. For networks too large for the rows of every sample, `sharpness` and `trace` need
# products with vectors alone.
