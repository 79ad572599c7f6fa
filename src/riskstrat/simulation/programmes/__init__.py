"""Programmes of early help: what their files say, and whom they take when."""
