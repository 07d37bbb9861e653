"""Derives the committed cases from a folder of facts. One module per group of tables."""
