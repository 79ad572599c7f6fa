"""Published tables as data, each with its provenance."""
