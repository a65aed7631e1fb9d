"""Rule set sclocchi2023."""
