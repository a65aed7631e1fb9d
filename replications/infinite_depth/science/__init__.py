"""What papers on infinitely deep networks share: activations, their kernels by depth, limits, votes, and the name that random streams derive from."""

THEME = "infinite_depth"
