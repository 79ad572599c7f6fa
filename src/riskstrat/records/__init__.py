"""Linked records in: sources, pseudonyms, checks, and what was known when."""
