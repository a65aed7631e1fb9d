"""Rule set li2018."""
