"""Explained risk of emergency admission from linked records."""
