"""Fault experiments: each module kills something for real while openBuild works, and counts."""
