"""``python -m segmenter`` is the command line."""

from segmenter.cli import main

main(prog_name="segmenter")
