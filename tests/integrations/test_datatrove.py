from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import pytest

from segmenter import Segmenter
from tests import own_pages

# Of the libraries that datatrove imports, and of files that it leaves open.
pytestmark = pytest.mark.filterwarnings("ignore")


def documents(texts: list[str | None]) -> list[Any]:
    from datatrove.data import Document

    return [Document(text, str(i)) for i, text in enumerate(texts) if text is not None]


def test_metadata_tells_the_labels_and_text_stays(texts: list[str | None]) -> None:
    from segmenter.integrations.datatrove import SegmentAnnotator

    segmenter = Segmenter.load()
    step = SegmentAnnotator(batch_size=2)
    found = list(step.run(iter(documents(texts))))
    assert [doc.text for doc in found] == [text for text in texts if text is not None]
    for doc in found:
        page = segmenter.segment(doc.text)
        assert doc.metadata["shares"] == page.shares()
        assert [(s["start"], s["end"], s["label"]) for s in doc.metadata["segments"]] == [
            (segment.start, segment.end, segment.label) for segment in page.segments
        ]
        for told, segment in zip(doc.metadata["segments"], page.segments, strict=True):
            least = min(block.confidence for block in segment.blocks)
            assert told["confidence"] == pytest.approx(least, abs=1e-4)
        json.dumps(doc.metadata)
    counted = step.stats.stats["characters_original_report"].total
    pages = [segmenter.segment(doc.text) for doc in found]
    assert counted == sum(
        s.end - s.start for page in pages for s in page.segments if s.label == "original_report"
    )


def test_a_pipeline_drops_with_the_reason_and_loses_nothing(
    texts: list[str | None], tmp_path: Path
) -> None:
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.readers import JsonlReader
    from datatrove.pipeline.writers.jsonl import JsonlWriter

    from segmenter.integrations.datatrove import ReportFormatter, SegmentAnnotator, SegmentFilter

    (tmp_path / "in").mkdir()
    with (tmp_path / "in" / "pages.jsonl").open("w") as file:
        for i, text in enumerate([*texts, " \n\n "]):
            if text:
                file.write(json.dumps({"id": str(i), "text": text}) + "\n")
    LocalPipelineExecutor(
        pipeline=[
            JsonlReader(str(tmp_path / "in")),
            SegmentAnnotator(),
            SegmentFilter(
                min_share=0.5,
                exclusion_writer=JsonlWriter(str(tmp_path / "dropped"), compression=None),
            ),
            ReportFormatter(),
            JsonlWriter(str(tmp_path / "out"), compression=None),
        ],
        logging_dir=str(tmp_path / "logs"),
        tasks=1,
        skip_completed=False,
    ).run()

    def read(folder: str) -> dict[str, dict[str, Any]]:
        lines = [
            json.loads(line)
            for path in (tmp_path / folder).glob("*.jsonl")
            for line in path.read_text().splitlines()
        ]
        return {line["id"]: line for line in lines}

    kept, dropped = read("out"), read("dropped")
    assert sorted(kept) == ["0", "4"]
    assert kept["0"]["text"] == Segmenter.load().clean(str(texts[0]))
    assert kept["0"]["metadata"]["shares"]["original_report"] > 0.5
    assert {k: v["metadata"]["filter_reason"] for k, v in dropped.items()} == {
        "3": "mostly_boilerplate",
        "5": "no_text",
    }
    assert dropped["3"]["text"] == texts[3]


def test_own_labels_confidence_and_wrong_ones(own_model: Path) -> None:
    from segmenter.integrations.datatrove import ReportFormatter, SegmentFilter

    (doc,) = documents([own_pages.UNSEEN])
    share = Segmenter.load(own_model).segment(doc.text).shares()["recipe"]
    assert SegmentFilter(share - 0.01, model=own_model).filter(doc) is True
    (share_of_memoir, reason) = (0.9, SegmentFilter(0.9, model=own_model).filter(doc))
    assert reason == (False, "mostly_memoir"), share_of_memoir
    unsure = SegmentFilter(0.1, min_confidence=1.0, model=own_model)
    assert unsure.filter_batch([doc, doc]) == [(False, "unsure")] * 2
    cleaned = ReportFormatter(keep=["memoir"], model=own_model).format(doc.text)
    assert cleaned.startswith("When I was a boy")
    with pytest.raises(ValueError, match="'reports' is none of recipe"):
        SegmentFilter(keep=["reports"], model=own_model)
    sent = pickle.dumps(SegmentFilter(0.1, model=own_model))
    assert len(sent) < 10_000
    assert pickle.loads(sent).filter(doc) is True
