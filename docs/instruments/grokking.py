# %% [markdown]
# # Has the softmax of your network collapsed?
# A perceptron learns a modular sum, in float32 and without weight decay. Once its logits are large, the softmax of a training
# example rounds to exactly 1: its loss is 0 and its gradient has vanished. [Prieto et al. (2025)](https://arxiv.org/abs/2501.04697)
# call it softmax collapse, say that scaling the weights drives it, and cure it by another softmax or another gradient.

# %%
import itertools

import pandas as pd
import torch
from torch import nn

from verifig.instruments.grokking import PerpGrad, StableMaxLoss, collapsed_share, weight_alignment
from verifig.instruments.watching import Watch
from verifig.pages import figures

P, STEPS = 31, 1400
pairs = torch.tensor(list(itertools.product(range(P), repeat=2)))
inputs = torch.cat([nn.functional.one_hot(pairs[:, side], P) for side in (0, 1)], 1).float()
labels = pairs.sum(1) % P
order = torch.randperm(len(pairs), generator=torch.Generator().manual_seed(0))
train, test = order[: len(order) * 4 // 5], order[len(order) * 4 // 5 :]

# %% [markdown]
# Three runs from the same start: plain cross-entropy, StableMax, and cross-entropy whose gradients lose their part along
# the weights. The instruments are called every 50 steps. Adam's eps is tiny, as in the paper: a larger one would stop training
# before the softmax does.


# %%
def run(loss, perpendicular=False):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(2 * P, 200), nn.ReLU(), nn.Linear(200, P))
    optimizer = torch.optim.Adam(model.parameters(), 1e-2, betas=(0.9, 0.98), eps=1e-30)
    if perpendicular:
        PerpGrad(optimizer)
    with_test = (inputs[test], labels[test])
    watch = Watch(
        {
            "collapsed": lambda: collapsed_share(model(inputs[train])),
            "aligned": lambda: weight_alignment(model, loss, (inputs[train], labels[train]))["2.weight"],
            "test accuracy": lambda: (model(with_test[0]).argmax(1) == with_test[1]).float().mean(),
        },
        every=50,
    )
    for step in range(STEPS + 1):
        watch(step)
        optimizer.zero_grad()
        loss(model(inputs[train]), labels[train]).backward()
        optimizer.step()
    return pd.DataFrame(watch.rows)


runs = {
    "cross-entropy": run(nn.CrossEntropyLoss()),
    "StableMax": run(StableMaxLoss()),
    "perpGrad": run(nn.CrossEntropyLoss(), perpendicular=True),
}
print(pd.DataFrame({name: frame.iloc[-1] for name, frame in runs.items()}).T.round(3).to_string())

# %%
figure, panels = figures.grid(3, width=8.9, height=2.8)
for panel, name in zip(panels, ("collapsed", "aligned", "test accuracy"), strict=True):
    for label, frame in runs.items():
        if name != "collapsed" or label != "StableMax":  # whose loss has no softmax
            panel.plot(frame["step"], frame[name], color=figures.PALETTE[list(runs).index(label)], label=label)
    panel.set(xlabel="step", title=name, ylim=(-0.05, 1.05))
panels[2].legend()
figure.set_label(
    "Share of collapsed training examples, alignment of the output weights with their negative gradient, and test accuracy "
    "over the steps, for cross-entropy, StableMax and perpGrad."
)
figure

# %% [markdown]
# Where examples collapse, alignment and training lose their hold; without the part along the weights nothing collapses, and the
# network generalises. One seed each: whether it holds over seeds is what the page of the paper is for.
#
# On networks of your own: give `collapsed_share` the logits in the precision in which the loss is computed, float16 or bfloat16 under
# autocast. `PerpGrad(optimizer)` acts in the optimizer's own `step`, so schedulers and weight decay stay as they are.
