"""A hitchhiker's guide to scaling law estimation (Choshen et al., ICML 2025)."""
