"""What is true of a simulated district, kept apart from what its services tell."""
