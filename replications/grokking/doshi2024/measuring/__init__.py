"""Statistics and curves by experiment."""
