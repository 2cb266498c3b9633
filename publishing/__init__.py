"""What makes the documentation, the manual pages and a release; never installed."""
