"""Random teachers are good teachers (Sarnthein et al., ICML 2023)."""
