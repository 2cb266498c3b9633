"""The same labels over HTTP, for programs."""
