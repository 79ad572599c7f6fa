"""The review pages: a practice's risk list, and one patient's reasons, in plain words."""
