"""Training and evaluation; run from a checkout, never installed."""
