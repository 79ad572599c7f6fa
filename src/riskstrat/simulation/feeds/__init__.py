"""Feeds in the column dialects of NHS and council services, with their mess."""
