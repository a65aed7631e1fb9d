# %% [markdown]
# # Which labels of your data are wrong, and training that does not mind
# A third of the labels of scikit-learn's digits are replaced at random. EL2N, the error of a network early in its training
# ([Paul et al. 2021](https://arxiv.org/abs/2107.07075)), ranks examples; early-learning regularisation
# ([Liu et al. 2020](https://arxiv.org/abs/2007.00151)) keeps a network with what it believed before it began to memorise.

# %%
import torch
from sklearn.datasets import load_digits
from torch import nn

from verifig.instruments.data_pruning import averaged, el2n
from verifig.instruments.noisy_labels import Targets, elr_loss, symmetric
from verifig.pages import figures

digits = load_digits()
images, truth = torch.tensor(digits.data, dtype=torch.float32) / 16, torch.tensor(digits.target)
order = torch.randperm(len(images), generator=torch.Generator().manual_seed(0))
train, test = order[:1000], order[1000:]
labels = truth.clone()
labels[train] = symmetric(truth[train], 10, 0.33, torch.Generator().manual_seed(1))
wrong = labels[train] != truth[train]
print(f"{int(wrong.sum())} of {len(train)} labels are wrong")


# %%
def fit(seed, epochs, targets=None):
    """A perceptron on the noisy labels; its accuracy on clean test images after every epoch."""
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, 10))
    optimizer, accuracy = torch.optim.Adam(model.parameters(), 3e-3), []
    for _ in range(epochs):
        for rows in torch.randperm(len(train)).split(100):
            logits, given = model(images[train[rows]]), labels[train[rows]]
            if targets is None:
                loss = nn.functional.cross_entropy(logits, given)
            else:
                loss = elr_loss(logits, given, targets.update(rows, logits))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        accuracy.append(float((model(images[test]).argmax(1) == truth[test]).float().mean()))
    return model, accuracy


# %% [markdown]
# Scores of ten networks after five epochs, averaged as the paper does.

# %%
scores = averaged([fit(seed, 5)[0] for seed in range(10)], [(images[train], labels[train])], el2n)
flagged = scores.argsort(descending=True)[: int(wrong.sum())]
print(f"of the {len(flagged)} highest scores {100 * float(wrong[flagged].float().mean()):.0f} % belong to wrong labels")

EPOCHS = 80
plain, kept = fit(0, EPOCHS)[1], fit(0, EPOCHS, Targets(len(train), 10))[1]

# %%
figure, (left, right) = figures.grid(2, width=8.4)
bins = torch.linspace(0, float(scores.max()), 30).numpy()
left.hist(scores[~wrong].numpy(), bins, color=figures.BLUE, alpha=0.7, label="right labels")
left.hist(scores[wrong].numpy(), bins, color=figures.PALETTE[1], alpha=0.7, label="wrong labels")
left.set(xlabel="EL2N after five epochs", ylabel="examples")
left.legend()
right.plot(range(1, EPOCHS + 1), plain, color=figures.PALETTE[1], label="cross-entropy")
right.plot(range(1, EPOCHS + 1), kept, color=figures.BLUE, label="with early-learning regularisation")
right.set(xlabel="epoch", ylabel="test accuracy, clean labels")
right.legend()
figure.set_label(
    "Left: EL2N scores of examples with right and wrong labels. Right: test accuracy over the epochs with and without "
    "early-learning regularisation."
)
figure
