"""``segmenter info``: what labels, and how well."""

from __future__ import annotations

import json

import click

from segmenter import __version__
from segmenter.errors import SegmenterError
from segmenter.model_version import figures_of, model_version
from segmenter.segmenter import Segmenter


@click.command()
@click.option("--model", "model_path", help="Model file; the packaged one unless given.")
@click.option("--format", "output", type=click.Choice(["text", "json"]), default="text")
def info(model_path: str | None, output: str) -> None:
    """Show the version, the model, what it was trained on, and its figures."""
    try:
        model, name = Segmenter.load(model_path).model, model_version(model_path)
    except SegmenterError as error:
        raise click.ClickException(str(error)) from error
    data = {
        "version": __version__,
        "model": name,
        "labels": list(model.labels),
        **model.about,
        **figures_of(model),
    }
    if output == "json":
        click.echo(json.dumps(data, indent=2))
        return
    for key, value in data.items():
        if isinstance(value, dict):
            click.echo(f"{key}:")
            for part, inner in value.items():
                click.echo(f"  {part}: {inner}")
        else:
            click.echo(f"{key}: {', '.join(value) if isinstance(value, list) else value}")
