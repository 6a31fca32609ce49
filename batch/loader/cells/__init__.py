"""What one cell means."""
