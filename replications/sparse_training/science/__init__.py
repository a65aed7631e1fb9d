"""What papers on sparse training share: layer-wise densities, masks, masked networks, digits."""

THEME = "sparse_training"
