"""What papers of this theme share: the digitised Chinchilla runs, sentences chosen by results."""
