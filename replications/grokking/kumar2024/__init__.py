"""Rule set kumar2024."""
