"""What may be linked, for which purpose, and whose rows may not be used."""
