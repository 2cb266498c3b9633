from __future__ import annotations

import subprocess
import sys
from importlib.metadata import entry_points

import pytest


@pytest.mark.parametrize(
    ("module", "library", "extra"),
    [
        ("sklearn", "sklearn", "sklearn"),
        ("columns", "pyarrow", "columns"),
        ("datatrove", "datatrove", "datatrove"),
        ("spacy", "spacy", "spacy"),
    ],
)
def test_an_integration_without_its_library_names_the_extra(
    module: str, library: str, extra: str
) -> None:
    program = (
        f"import sys; sys.modules[{library!r}] = None\n"
        "from segmenter import MissingExtraError\n"
        f"try:\n    import segmenter.integrations.{module}\n"
        "except MissingExtraError as error:\n    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.count("\n") == 1
    assert f"pip install 'segmenter[{extra}]'" in done.stdout


def test_importing_the_package_of_integrations_loads_no_library() -> None:
    program = (
        "import sys, segmenter.integrations.loading\n"
        "print({'sklearn', 'scipy', 'pyarrow', 'pandas', 'spacy', 'datatrove'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"


def test_spacy_is_told_of_the_component() -> None:
    (entry,) = (e for e in entry_points(group="spacy_factories") if e.name == "segmenter")
    assert entry.value == "segmenter.integrations.spacy:make"
