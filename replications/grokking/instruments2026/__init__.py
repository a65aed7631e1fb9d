"""Rule set instruments2026."""
