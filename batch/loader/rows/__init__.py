"""Rows, typed and grouped into parcels."""
