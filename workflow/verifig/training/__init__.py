"""All that decides a training result, and nothing else: the library's part of every training key."""
