"""Rule set liu2024."""
