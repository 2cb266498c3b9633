"""What the models in use are called, and what was measured of the packaged one."""

from __future__ import annotations

import hashlib
import json
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segmenter.errors import InputError

if TYPE_CHECKING:
    from segmenter.model import Model

_MODELS = files("segmenter").joinpath("models")


def model_version(path: str | None) -> str:
    """The beginning of the SHA-256 of the model files that label texts and HTML.

    Results that bear the same were made by the same models. ``path``: that of the model for text,
    the packaged one unless given. Raises `InputError` if one cannot be read.
    """
    digest = hashlib.sha256()
    try:
        for name in ("default.npz", "html.npz"):
            if name == "default.npz" and path is not None:
                digest.update(Path(path).read_bytes())
                continue
            with as_file(_MODELS.joinpath(name)) as packaged:
                digest.update(packaged.read_bytes())
    except OSError as error:
        raise InputError(f"{error.filename}: cannot be read: {error.strerror}") from error
    return digest.hexdigest()[:16]


def figures_of(model: Model) -> dict[str, Any]:
    """The figures told of the packaged model, if ``model`` is fitted on the same data.

    They say themselves when they were measured of models before it.
    """
    found: dict[str, Any] = json.loads(_MODELS.joinpath("figures.json").read_text("utf-8"))
    own = model.about.get("trained on", {}).get("data_sha256")
    return {"figures": found["figures"]} if found["data_sha256"] == own else {}
