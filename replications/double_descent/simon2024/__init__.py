"""More is better in modern machine learning (Simon et al., ICLR 2024)."""
