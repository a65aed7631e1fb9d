# %% [markdown]
# # What does a student learn from a random network?
# [Sarnthein et al. (2023)](https://arxiv.org/abs/2302.12091) let students imitate random, untrained teachers, without a single label, and find that
# their features become better than the teachers', the more so the nearer they start. What is left of that with a small
# perceptron on scikit-learn's digits? Three probes read embeddings, since each alone could mislead.

# %%
import copy

import torch
from sklearn.datasets import load_digits
from torch import nn

from verifig.instruments import random_teachers
from verifig.pages import figures

digits = load_digits()
images = torch.tensor(digits.data, dtype=torch.float32) / 8 - 1
labels = torch.tensor(digits.target)
train, test = slice(0, 1200), slice(1200, None)


def network():
    encoder = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 16))
    return nn.Sequential(encoder, nn.Linear(16, 64))


def accuracies(model):
    parts = [random_teachers.embeddings(model[0], (images[part], labels[part])) for part in (train, test)]
    return random_teachers.probe(*parts, linear=random_teachers.LinearProbe(300))


# %% [markdown]
# `random_copy` draws a module anew; `distil` trains a student to give its teacher's softmax outputs.

# %%
SEEDS = range(3)
rows = {"teacher": [], "student, near": [], "student, far": []}
for seed in SEEDS:
    teacher = random_teachers.random_copy(network(), seed)
    far = random_teachers.random_copy(network(), 100 + seed)
    near = copy.deepcopy(teacher)
    with torch.no_grad():
        for own, other in zip(near.parameters(), far.parameters(), strict=True):
            own.lerp_(other, 0.2)
    rows["teacher"].append(accuracies(teacher))
    for name, student in (("student, near", near), ("student, far", far)):
        random_teachers.distil(student, teacher, images[train], steps=500, seed=seed)
        rows[name].append(accuracies(student))
for name, found in rows.items():
    means = {probe: sum(each[probe] for each in found) / len(found) for probe in found[0]}
    print(f"{name:14}", "  ".join(f"{probe} {100 * value:.1f} %" for probe, value in means.items()))

# %%
figure, panels = figures.grid(3, width=8.6, height=2.8, sharey=True)
for panel, probe in zip(panels, ("linear", "ridge", "neighbours"), strict=True):
    for place, found in enumerate(rows.values()):
        panel.plot([place] * len(found), [100 * each[probe] for each in found], "o", color=figures.BLUE, markersize=5)
    panel.set(title=probe, xticks=range(3), xticklabels=["teacher", "near", "far"])
panels[0].set_ylabel("test accuracy (%)")
figure.set_label(
    "Test accuracy of three probes on embeddings of random teachers and of their students, a point a seed."
)
figure
