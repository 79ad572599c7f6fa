"""The people of a district and where they live."""
