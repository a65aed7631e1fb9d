"""Neural collapse in deep linear networks, from balanced to imbalanced classes (Dang et al., 2023)."""
