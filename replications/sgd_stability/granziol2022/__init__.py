"""Rule set granziol2022."""
