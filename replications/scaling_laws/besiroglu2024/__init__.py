"""Chinchilla scaling: a replication attempt (Besiroglu et al., 2024)."""
