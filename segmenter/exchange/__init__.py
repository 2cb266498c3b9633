"""Labelled pages in the formats of annotation tools, and back."""
