"""Measured against peers, in one run each."""
