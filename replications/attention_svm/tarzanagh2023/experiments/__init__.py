"""Programs of the paper, one a module."""
