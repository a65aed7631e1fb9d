"""What every room stands on: errors, files, keys, numbers, paths, schemas."""
