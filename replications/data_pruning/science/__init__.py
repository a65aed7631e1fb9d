"""What papers on pruning of training data share: scores of examples, subsets, tangent kernels, barriers; no settings, no claims."""
