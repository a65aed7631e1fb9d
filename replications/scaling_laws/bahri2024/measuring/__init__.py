"""Statistics and curves of each part of the page, one value per unit of replication; no torch."""
