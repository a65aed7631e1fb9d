# %% [markdown]
# # How few directions and how few weights does a task need?
# A network trained in a random subspace of its parameters ([Li et al. 2018](https://arxiv.org/abs/1804.08838)), and one trained with most of
# its weights cut at random before the first step ([Liu et al. 2022](https://arxiv.org/abs/2202.02643)): `Subspace` and the densities take any module.

# %%
import torch
from sklearn.datasets import load_digits
from torch import nn

from verifig.instruments.intrinsic_dimension import Subspace, dense
from verifig.instruments.sparse_training import draw, erdos_renyi, layer_shapes
from verifig.pages import figures

digits = load_digits()
images, labels = torch.tensor(digits.data, dtype=torch.float32) / 16, torch.tensor(digits.target)
train, test = slice(0, 1200), slice(1200, None)


def network(seed):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))


def accuracy(model, learning_rate, after_step=lambda: None):
    optimizer = torch.optim.Adam(model.parameters(), learning_rate)
    for _ in range(150):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(images[train]), labels[train]).backward()
        optimizer.step()
        after_step()
    return float((model(images[test]).argmax(1) == labels[test]).float().mean())


# %%
DIMENSIONS, DENSITIES, SEEDS = (20, 40, 80, 160, 320), (0.02, 0.05, 0.1, 0.3), range(3)
whole = [accuracy(network(seed), 3e-3) for seed in SEEDS]


def in_subspace(dimension, seed):
    return accuracy(Subspace(network(seed), dimension, dense, torch.Generator().manual_seed(seed)), 0.1)


def cut(density, seed):
    """Erdos-Renyi densities by layer: small layers keep more of their weights."""
    model = network(seed)
    shapes = layer_shapes(model)
    masks = draw(shapes, erdos_renyi(shapes, density), torch.Generator().manual_seed(seed))

    def mask():
        with torch.no_grad():
            for name, layer in model.named_parameters():
                if name in masks:
                    layer.mul_(masks[name])

    mask()
    return accuracy(model, 3e-3, mask)


subspaces = [[in_subspace(d, seed) for seed in SEEDS] for d in DIMENSIONS]
sparse = [[cut(density, seed) for seed in SEEDS] for density in DENSITIES]
level = 0.9 * sum(whole) / len(whole)
needed = next((d for d, found in zip(DIMENSIONS, subspaces, strict=True) if sum(found) / len(found) >= level), None)
total = sum(p.numel() for p in network(0).parameters())
print(f"{total} parameters reach {100 * sum(whole) / len(whole):.1f} %; 90 % of that takes {needed} random directions")

# %%
figure, (left, right) = figures.grid(2, width=8.2)
left.plot(DIMENSIONS, subspaces, "o", color=figures.BLUE, markersize=4)
left.axhline(level, color=figures.MUTED, linewidth=1)
left.set(xlabel="dimension of the subspace", ylabel="test accuracy")
figures.log_ticks(left.xaxis, DIMENSIONS)
right.plot(DENSITIES, sparse, "o", color=figures.BLUE, markersize=4)
right.axhline(sum(whole) / len(whole), color=figures.MUTED, linewidth=1)
right.set(xlabel="share of weights kept")
figures.log_ticks(right.xaxis, DENSITIES)
figure.set_label(
    "Test accuracy over the dimension of a random subspace, with a line at 90 % of the whole network's, and over the share of "
    "weights kept, with a line at the whole network's; a point a seed."
)
figure
