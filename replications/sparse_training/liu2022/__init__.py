"""Rule set liu2022."""
