"""The implicit regularization of dynamical stability in SGD (Wu and Su, ICML 2023)."""
