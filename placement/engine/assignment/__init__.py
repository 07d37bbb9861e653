"""Algorithms for programs that assign workloads to sites: bounds, compiled searches, exact end game."""
