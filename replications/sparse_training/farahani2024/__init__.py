"""Rule set farahani2024."""
