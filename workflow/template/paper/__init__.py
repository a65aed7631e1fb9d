"""Rule set SLUG."""
