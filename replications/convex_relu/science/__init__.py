"""What papers of the theme share: activation patterns, the convex programme of a two-layer ReLU network with its certificate, laws."""
