"""The description of every input table, one file per layer."""
