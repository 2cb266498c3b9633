"""The release checklist, as a command: ``python -m publishing.release`` (``make release-check``).

Builds the wheel and the source distribution into ``dist/``, checks them, and runs the main job from
the wheel in empty environments: one without extras and one with each extra. The first check that
fails ends it, with what was found.
"""

from __future__ import annotations

import email
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path

import click

from publishing.manual import outdated
from segmenter import __version__

ROOT = Path(__file__).resolve().parents[1]
DIST = ROOT / "dist"
EXAMPLE = ROOT / "examples" / "page.txt"
LARGEST = 8_000_000
"""Bytes that the wheel and the source distribution may have."""

OPENS = "Green light of the Industry commission"
"""What the example's report says, and nothing else on the page."""

HTML = """<!doctype html><html><head><title>Storm shuts port</title></head><body>
<nav><a href="/">Home</a> <a href="/sport">Sport</a></nav><article><h1>Storm shuts port</h1>
<p>A storm shut the port of Larne on Monday, police said. No one was hurt, and ferries are expected
to sail again on Tuesday, a spokesman for the harbour told reporters.</p><p>The wind tore the roof
from a warehouse on the quay, according to the fire service, which sent twelve engines.</p>
</article><footer>Copyright 2025</footer></body></html>"""


class CheckError(Exception):
    """A check failed; the message says which and on what."""


def run(*command: str | Path, code: int = 0) -> subprocess.CompletedProcess[str]:
    """What the command wrote. Raises `CheckError` unless it ended with ``code``."""
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False
    )
    if done.returncode != code:
        told = " ".join(str(part) for part in command)
        raise CheckError(f"{told}\nended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done


def ensure(holds: bool, message: str) -> None:
    """Raises `CheckError` with ``message`` unless it ``holds``."""
    if not holds:
        raise CheckError(message)


def check_versions(root: Path) -> None:
    """One version in the package, the project file, the citation and the changes."""
    stated = {
        "pyproject.toml": r'^version = "(.+)"$',
        "CITATION.cff": r"^version: (.+)$",
        "CHANGELOG.md": r"^## (\S+?),",
    }
    for name, pattern in stated.items():
        found = re.search(pattern, (root / name).read_text(encoding="utf-8"), re.M)
        told = found[1] if found else "none"
        ensure(told == __version__, f"{name} says version {told}, the package {__version__}")


def check_sizes(paths: Sequence[Path], largest: int = LARGEST) -> None:
    """No file is larger than ``largest`` bytes."""
    for path in paths:
        size = path.stat().st_size
        ensure(size < largest, f"{path.name} has {size:,} bytes, more than {largest:,}")


def check_contents(wheel: Path, sdist: Path) -> None:
    """The wheel has types, models and manuals, and neither holds training, tests or pages."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    manuals = [path.name for path in (ROOT / "man").glob("*.1")]
    ensure(bool(manuals), "man/ holds no manual page; run make man")
    for needed in (
        "segmenter/py.typed",
        "segmenter/models/default.npz",
        "segmenter/models/html.npz",
    ):
        ensure(needed in names, f"{wheel.name} lacks {needed}")
    for manual in manuals:
        ensure(
            any(name.endswith(f"data/share/man/man1/{manual}") for name in names),
            f"{wheel.name} lacks the manual page {manual}",
        )
    with tarfile.open(sdist) as archive:
        names += [name.split("/", 1)[-1] for name in archive.getnames()]
    for name in names:
        top = name.split("/")[0]
        ensure(
            top not in ("training", "tests", "datasets", "benchmarks", "publishing"),
            f"{name} does not belong into a release",
        )


def extras_of(wheel: Path) -> list[str]:
    """The extras that the wheel names."""
    with zipfile.ZipFile(wheel) as archive:
        name = next(n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        told = email.message_from_bytes(archive.read(name)).get_all("Provides-Extra", [])
    return sorted(told)


def install(wheel: Path, extra: str, folder: Path) -> Path:
    """A new environment's folder of programs, with the wheel and one extra, if any.

    Its pip is the newest: older ones fail on an extra that two packages spell in two ways.
    """
    run(sys.executable, "-m", "venv", "--upgrade-deps", folder)
    wanted = f"segmenter[{extra}] @ {wheel.as_uri()}" if extra else str(wheel)
    pip = ("-m", "pip", "--disable-pip-version-check")
    run(folder / "bin" / "python", *pip, "install", "--quiet", wanted)
    run(folder / "bin" / "python", *pip, "check")
    return folder / "bin"


def check_main_job(programs: Path, folder: Path) -> None:
    """The installed program labels and cleans the example."""
    program = programs / "segmenter"
    page = shutil.copy(EXAMPLE, folder)
    rows = json.loads(run(program, "label", page, "--format", "jsonl").stdout)["blocks"]
    labels = {row["label"] for row in rows}
    ensure(len(labels) == 4, f"the example has the labels {sorted(labels)}, not all four")
    report = run(program, "clean", page).stdout
    ensure(OPENS in report, "the cleaned example lacks its report")
    ensure("Leave a Comment" not in report, "the cleaned example keeps its comment form")
    ensure(__version__ in run(program, "--version").stdout, "--version tells another version")


def check_html(programs: Path, folder: Path) -> None:
    """With the parser, HTML is cleaned; without it, one line names the extra."""
    page = folder / "page.html"
    page.write_text(HTML, encoding="utf-8")
    probe = "import importlib.util as u; print(u.find_spec('selectolax') is not None)"
    has_parser = run(programs / "python", "-c", probe).stdout.strip() == "True"
    if has_parser:
        text = run(programs / "segmenter", "clean", page).stdout
        ensure("port of Larne" in text, "the cleaned HTML lacks its report")
        ensure("Copyright" not in text, "the cleaned HTML keeps its footer")
        return
    told = run(programs / "segmenter", "clean", page, code=1).stderr
    ensure(
        len(told.splitlines()) == 1 and "segmenter[html]" in told,
        f"without the extra html one line naming it is due, not:\n{told}",
    )


def check_types(programs: Path, folder: Path) -> None:
    """A type checker sees the types of the installed package."""
    source = folder / "uses.py"
    source.write_text("import segmenter\n\nx: int = segmenter.clean('')\n", encoding="utf-8")
    told = run(sys.executable, "-m", "mypy", "--strict", "--cache-dir", folder / "cache",
               "--python-executable", programs / "python", source, code=1).stdout  # fmt: skip
    ensure('"str", variable has type "int"' in told, f"py.typed is not seen:\n{told}")


def write_bill(programs: Path, extra: str, dist: Path) -> None:
    """The bill of materials of an environment, in the CycloneDX format."""
    name = f"segmenter-{__version__}{'-' + extra if extra else ''}.cdx.json"
    run(sys.executable, "-m", "cyclonedx_py", "environment", "--pyproject", ROOT / "pyproject.toml",
        "--output-reproducible", "--validate", "-o", dist / name, programs / "python")  # fmt: skip
    bill = json.loads((dist / name).read_text(encoding="utf-8"))
    names = {part["name"] for part in bill["components"]}
    ensure({"numpy", "click"} <= names, f"{name} lacks numpy or click: {sorted(names)}")


def check_citation(folder: Path) -> None:
    """CITATION.cff follows its schema; the checker gets an environment of its own.

    It wants an old jsonschema, which must not come near the others.
    """
    run(sys.executable, "-m", "venv", folder)
    run(folder / "bin" / "pip", "--disable-pip-version-check", "install", "--quiet", "cffconvert",
        "setuptools<81")  # fmt: skip
    run(folder / "bin" / "cffconvert", "--validate", "-i", ROOT / "CITATION.cff")


@click.command()
@click.option("--extra", "extras", multiple=True, help="Try this extra only; several may be given.")
def main(extras: tuple[str, ...]) -> None:
    """Build and check what would be released."""
    began = time.perf_counter()

    def told(what: str) -> None:
        click.echo(f"{time.perf_counter() - began:5.0f} s  {what}")

    try:
        check_versions(ROOT)
        late = outdated(ROOT / "man")
        ensure(not late, f"{', '.join(late)} in man/ differ from the commands; run make man")
        told("versions agree, manual pages are as the commands")
        shutil.rmtree(DIST, ignore_errors=True)
        run(sys.executable, "-m", "build", "--outdir", DIST, ROOT)
        (wheel,), (sdist,) = DIST.glob("*.whl"), DIST.glob("*.tar.gz")
        run(sys.executable, "-m", "twine", "check", "--strict", wheel, sdist)
        check_sizes((wheel, sdist))
        check_contents(wheel, sdist)
        sizes = ", ".join(f"{path.name} {path.stat().st_size:,} bytes" for path in (wheel, sdist))
        told(f"built and checked: {sizes}")
        for extra in ("", *(extras or extras_of(wheel))):
            with tempfile.TemporaryDirectory() as name:
                folder = Path(name)
                programs = install(wheel, extra, folder / "environment")
                check_main_job(programs, folder)
                check_html(programs, folder)
                if not extra:
                    check_types(programs, folder)
                write_bill(programs, extra, DIST)
            told(f"installed and run {'with the extra ' + extra if extra else 'without extras'}")
        with tempfile.TemporaryDirectory() as name:
            check_citation(Path(name))
        told("the citation is valid")
    except CheckError as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    main()
