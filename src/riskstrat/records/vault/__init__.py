"""The way back from a pseudonym to an NHS number, and the keys that guard it."""
