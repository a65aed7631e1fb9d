# %% [markdown]
# # Neural collapse, also where classes are unequal
# After the training error has reached 0, last-layer features gather at their class means, and these take one geometry: a
# simplex where classes are equal ([Papyan et al. 2020](https://arxiv.org/abs/2008.08186)), frames of unequal lengths where
# they are not ([Dang et al. 2023](https://arxiv.org/abs/2301.00437)). Here the head of a perceptron on scikit-learn's digits
# is watched on its way there, and exact minimisers for unequal classes show what to hold features against.

# %%
import numpy as np
import pandas as pd
import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from verifig.instruments import neural_collapse
from verifig.instruments.watching import Watch
from verifig.pages import figures

digits = load_digits()
images = torch.tensor(digits.data, dtype=torch.float32) / 16
labels = torch.tensor(digits.target)
loader = DataLoader(TensorDataset(images, labels), batch_size=256)

# %% [markdown]
# `measure` catches what enters the classifier, batch by batch, and merges means and scatter without cancellation.


# %%
torch.manual_seed(0)
model = nn.Sequential(
    *(nn.Linear(64, 256), nn.BatchNorm1d(256), nn.ReLU()),
    *(nn.Linear(256, 256), nn.BatchNorm1d(256), nn.ReLU()),
    nn.Linear(256, 10),
)
EPOCHS = 120
optimizer = torch.optim.SGD(model.parameters(), 0.1, momentum=0.9, weight_decay=2e-3)
schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS)
watch = Watch({"": lambda: neural_collapse.measure(model, model[-1], loader)}, every=10)
shuffled = DataLoader(TensorDataset(images, labels), 128, shuffle=True, generator=torch.Generator().manual_seed(0))
for epoch in range(EPOCHS):
    watch(epoch)
    for x, y in shuffled:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
    schedule.step()
watch(EPOCHS)
table = pd.DataFrame(watch.rows).rename(columns=str.strip)
print(table.round(4).to_string(index=False))

# %%
figure, (left, right) = figures.grid(2, width=8.0)
left.plot(table["step"], table["nc1"], color=figures.BLUE)
left.set(xlabel="epoch", title="NC1: within / between classes", yscale="log")
for name, color in (("nc2", figures.BLUE), ("nc3", figures.PALETTE[1])):
    right.plot(table["step"], table[name], color=color, label=name.upper())
right.set(xlabel="epoch", title="distance from simplex and self-duality")
right.legend()
figure.set_label("NC1, NC2 and NC3 of a perceptron on digits over the epochs; all three fall.")
figure

# %% [markdown]
# With unequal classes the simplex is the wrong target. `geometry_targets` gives the right one for squared loss, free features and
# given decays: the rarer a class, the longer its mean and the shorter its classifier; below a threshold both vanish.

# %%
sizes = [500, 200, 100, 50, 10]
target = neural_collapse.geometry_targets(sizes, weight_decay=2e-3, feature_decay=1e-5)
lengths = np.sqrt(np.diag(target["feature"]))
print("samples by class:         ", sizes)
print("lengths of class means:   ", np.round(lengths, 3))
print("lengths of classifiers:   ", np.round(np.sqrt(np.diag(target["classifier"])), 3))
print("output of the right class:", np.round(np.diag(target["output"]), 3))
