"""Codes and proportions that the simulator reads; described in README.md beside them."""
