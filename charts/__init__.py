"""Turns a report into figures."""
