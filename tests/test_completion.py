"""Shell completion: what each shell is told, and what it gets back."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from segmenter.cli import main
from segmenter.completion import SHELLS

PROGRAM = Path(sys.executable).with_name("segmenter")


def complete(line: str, word: int) -> list[str]:
    """What bash is answered for ``line`` at its word with this number."""
    words = {"COMP_WORDS": line, "COMP_CWORD": str(word), "_SEGMENTER_COMPLETE": "bash_complete"}
    done = subprocess.run(
        [PROGRAM], env={**os.environ, **words}, capture_output=True, text=True, check=True
    )
    return done.stdout.split()


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_is_sound_in_its_shell(shell: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["completion", shell])
    assert result.exit_code == 0
    assert f"_SEGMENTER_COMPLETE={shell}_complete" in result.output
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not on this machine")
    script = tmp_path / "script"
    script.write_text(result.output)
    subprocess.run([shell, "-n", script], check=True)


def test_an_unknown_shell_is_wrong_usage() -> None:
    assert CliRunner().invoke(main, ["completion", "tcsh"]).exit_code == 2


def test_commands_and_labels_are_completed() -> None:
    assert "plain,clean" in complete("segmenter cl", 1)
    assert complete("segmenter clean --keep s", 3) == ["plain,satirical_rewrite"]


def test_inputs_are_completed_as_files() -> None:
    assert complete("segmenter label pa", 2) == ["file,pa"]
