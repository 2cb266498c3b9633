"""What the two servers, `segmenter review` and `segmenter serve`, have in common."""
