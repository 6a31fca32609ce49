"""A file's bytes become tables of cells."""
