"""What the papers on noisy labels share: losses with targets of their own, label noise, and the name that random streams derive from."""

THEME = "noisy_labels"
