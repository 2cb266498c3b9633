from __future__ import annotations

import io
import pickle
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from segmenter import Model, ModelError, Segmenter, archives
from segmenter.features import extract
from segmenter.retelling import Retelling

PACKAGED = Path(archives.__file__).with_name("models") / "default.npz"
TEXT = "Ferry stays in port\n\nThe ferry stayed in port on Monday, police said.\n\nShare  Tweet"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    path = tmp_path / "model.npz"
    path.write_bytes(PACKAGED.read_bytes())
    return path


def rewritten(path: Path, name: str, array: np.ndarray | bytes) -> None:
    """Puts another array, or other bytes, in the place of one in a model file."""
    with zipfile.ZipFile(path) as archive:
        members = {entry.filename: archive.read(entry) for entry in archive.infolist()}
    if isinstance(array, bytes):
        members[f"{name}.npy"] = array
    else:
        out = io.BytesIO()
        np.save(out, array)
        members[f"{name}.npy"] = out.getvalue()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members.items():
            archive.writestr(member, content)


def refused(path: Path) -> str:
    with pytest.raises(ModelError) as caught:
        Model.load(path)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert "\n" not in message
    return message


def test_saving_and_loading_changes_nothing(tmp_path: Path) -> None:
    model = Model.load(PACKAGED)
    model.save(tmp_path / "again.npz")
    assert (tmp_path / "again.npz").read_bytes() == PACKAGED.read_bytes()
    again = Model.load(tmp_path / "again.npz")
    features = extract([TEXT]).features
    assert np.array_equal(model.score(features), again.score(features))


def test_arrays_are_kept_whatever_their_order_in_memory(tmp_path: Path) -> None:
    array = np.arange(6.0).reshape(2, 3).T
    archives.write_arrays(tmp_path / "kept.npz", {"turned": array}, {})
    assert (archives.read_arrays(tmp_path / "kept.npz")["turned"] == array).all()


def test_scores_are_log_probabilities() -> None:
    scores = Model.load(PACKAGED).score(extract([TEXT, "", "\u200b"]).features)
    assert np.allclose(np.exp(scores).sum(axis=1), 1)


def test_missing(tmp_path: Path) -> None:
    assert "cannot be read" in refused(tmp_path / "none.npz")


def test_truncated(copy: Path) -> None:
    copy.write_bytes(copy.read_bytes()[:-1000])
    assert "no model file" in refused(copy)


@pytest.mark.parametrize("name", ["masked_idf", "words", "columns", "bias", "record", None])
def test_one_byte_edited(copy: Path, name: str | None) -> None:
    with zipfile.ZipFile(copy) as archive:
        entry = archive.getinfo(f"{name}.npy") if name else archive.infolist()[0]
        directory = archive.start_dir
    content = bytearray(copy.read_bytes())
    if name:
        lengths = int.from_bytes(content[entry.header_offset + 26 :][:2], "little")
        place = entry.header_offset + 30 + lengths + entry.file_size - 1
    else:
        place = directory + 46  # the first letter of a name
    content[place] ^= 0x40
    copy.write_bytes(bytes(content))
    refused(copy)


def test_content_edited_with_right_checksums_of_the_archive(copy: Path) -> None:
    bias = Model.load(copy).bias.copy()
    bias[0] += 1
    rewritten(copy, "bias", bias)
    assert "SHA-256" in refused(copy)


@pytest.mark.parametrize(
    ("record", "told"),
    [
        (b"[" * 100_000, "no readable record"),
        (b"{}", "no readable record"),
        (b'{"about": {}}', "make train"),
    ],
)
def test_records_that_are_none(copy: Path, record: bytes, told: str) -> None:
    rewritten(copy, "record", np.frombuffer(record, np.uint8))
    assert told in refused(copy)


@pytest.mark.parametrize("labels", [[1, 2, 3, 4], ["a", "b", "c", "c"], [["a"]] * 4, "abcd", None])
def test_labels_that_are_no_names(copy: Path, labels: object) -> None:
    arrays = archives.read_arrays(copy)
    record = archives.record_of(copy, arrays) | {"labels": labels}
    archives.write_arrays(copy, arrays, record)
    assert refused(copy).removeprefix(f"{copy}: ") in (
        "its labels are no names",
        "it has a label twice",
    )


def test_members_that_are_packed_in_another_way(copy: Path) -> None:
    arrays = archives.read_arrays(copy)
    with zipfile.ZipFile(copy, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("bias.npy", arrays["bias"].tobytes())
    assert "another way" in refused(copy)


def test_values_that_are_no_numbers(copy: Path) -> None:
    rewritten(copy, "bias", np.full(8, np.nan, np.float32))
    assert "finite" in refused(copy)


def test_wrong_shape(copy: Path) -> None:
    rewritten(copy, "bias", np.zeros((8, 1), np.float32))
    assert "bias" in refused(copy)


@pytest.mark.parametrize("place", [0, 1, -1])
def test_buckets_that_are_none_or_in_another_order(copy: Path, place: int) -> None:
    model = Model.load(copy)
    buckets = model.masked.buckets.copy()
    buckets[place] = {0: -1, 1: buckets[0], -1: 1 << 18}[place]
    replace(model, masked=model.masked._replace(buckets=buckets)).save(copy)
    assert "masked_buckets" in refused(copy)


@pytest.mark.parametrize("told", [4, -1, 0.5])
def test_a_retelling_of_labels_that_are_none(copy: Path, told: float) -> None:
    replace(Model.load(copy), retelling=Retelling(told, 1, 2.0)).save(copy)
    assert "labels that it does not have" in refused(copy)


def test_another_version(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("segmenter.features.VERSION", 999)
    assert "make train" in refused(copy)


def test_a_pickle_is_refused_and_not_run(copy: Path, tmp_path: Path) -> None:
    trace = tmp_path / "ran"

    class Evil:
        def __reduce__(self) -> tuple[object, tuple[object, ...]]:
            return (Path.touch, (trace,))

    copy.write_bytes(pickle.dumps(Evil()))
    refused(copy)
    copy.write_bytes(PACKAGED.read_bytes())
    out = io.BytesIO()
    np.save(out, np.array([Evil()], dtype=object), allow_pickle=True)
    rewritten(copy, "bias", out.getvalue())
    refused(copy)
    assert not trace.exists()


def test_a_zip_bomb_is_refused_unread(copy: Path) -> None:
    with zipfile.ZipFile(copy, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("masked.npy", b"\0" * (archives.LARGEST_CONTENT + 1))
    assert copy.stat().st_size < 1 << 20
    assert "unpacks to over" in refused(copy)


def test_a_large_file_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "large.npz"
    with path.open("wb") as handle:
        handle.truncate(archives.LARGEST_FILE + 1)
    assert "MiB" in refused(path)


def test_other_labels_than_the_four_work_all_the_way() -> None:
    packaged = Model.load(PACKAGED)
    renamed = replace(packaged, labels=("news", "joke", "talk", "frame"))
    labels = {block.label for block in Segmenter(renamed).segment(TEXT).blocks}
    assert labels <= set(renamed.labels)
    assert labels
