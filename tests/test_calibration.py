from __future__ import annotations

import numpy as np
import pytest

from segmenter import Segmenter
from segmenter.calibration import Calibration, calibrate, familiarity

FOREIGN = {
    "German": "Der Stadtrat von Marwell hat am Montag beschlossen, die Brücke zu sperren. Nach "
    "Angaben der Verwaltung fehlen zwölf Schrauben, die Reparatur kostet 12.000 Euro.",
    "French": "Le conseil municipal de Marwell a décidé lundi de fermer le pont. Selon la mairie, "
    "douze boulons manquent et les travaux coûteront 12 000 euros.",
    "Spanish": "El ayuntamiento de Marwell decidió el lunes cerrar el puente. Según los técnicos, "
    "faltan doce tornillos y la reparación costará 12.000 euros.",
    "Turkish": "Marwell belediye meclisi pazartesi günü köprüyü kapatma kararı aldı. Yetkililere "
    "göre on iki cıvata eksik ve onarım on iki bin avroya mal olacak.",
    "Russian": "Городской совет Марвелла в понедельник решил закрыть мост. По данным инженеров, "
    "не хватает двенадцати болтов, ремонт обойдётся в 12 000 евро.",
    "Chinese": "马韦尔市议会星期一决定关闭大桥十二天。官员表示，桥上缺少十二个螺栓，"
    "维修费用为一万二千欧元。",
    "Thai": "สภาเมืองมาร์เวลล์มีมติเมื่อวันจันทร์ให้ปิดสะพานสิบสองวัน เจ้าหน้าที่กล่าวว่าขาดสลักเกลียวสิบสองตัว "
    "ค่าซ่อมแซมอยู่ที่หนึ่งหมื่นสองพันยูโร",
}
CODE = """def close(bridge, days):
    if bridge.bolts < 12:
        raise BridgeError(f"{bridge.name}: {12 - bridge.bolts} missing")
    return bridge.replace(state=State.CLOSED, until=today() + timedelta(days=days))
"""
PRODUCTS = "\n".join(
    f"M{size} hex bolt, zinc plated, 100 pcs | €{size}.90 | SKU {size}77-B" for size in range(4, 20)
)


def identity(familiar: float = 0.25) -> Calibration:
    return Calibration(np.eye(4), np.zeros(4), familiar)


def test_the_identity_changes_nothing_on_english_prose() -> None:
    posteriors = np.array([[0.7, 0.2, 0.05, 0.05], [0.25, 0.25, 0.25, 0.25]])
    known = np.array([[100, 45], [20, 8]])
    assert np.allclose(calibrate(posteriors, np.array([0, 0]), known, identity()), posteriors)


def test_few_function_words_make_doubtful() -> None:
    posteriors = np.array([[0.97, 0.01, 0.01, 0.01]] * 3)
    known = np.array([[400, 160], [400, 40], [400, 0]])
    sure = calibrate(posteriors, np.array([0, 1, 2]), known, identity())[:, 0]
    assert sure[0] == pytest.approx(0.97)
    assert 0.25 < sure[2] < sure[1] < 0.8


def test_familiarity_is_of_the_page_not_of_the_block() -> None:
    known = np.array([[10, 0], [190, 90], [10, 0]])
    share = familiarity(np.array([0, 0, 1]), known)
    assert share[0] > 0.4
    assert share[1] < 0.25


@pytest.mark.parametrize("language", FOREIGN)
def test_pages_in_other_languages_get_low_confidence(segmenter: Segmenter, language: str) -> None:
    page = segmenter.segment("\n\n".join([FOREIGN[language]] * 5))
    assert max(block.confidence for block in page.blocks) < 0.6


@pytest.mark.parametrize("language", FOREIGN)
def test_so_do_they_with_markup(segmenter: Segmenter, language: str) -> None:
    body = "".join(f"<p>{FOREIGN[language]} ({number})</p>" for number in range(8))
    links = "<ul><li><a href='/a'>A</a></li><li><a href='/b'>B</a></li></ul>"
    page = segmenter.segment_html(
        f"<html><body><nav>{links}</nav><main><article><h1>Marwell</h1>{body}</article></main>"
        "<footer><p><a href='/c'>C</a></p></footer></body></html>"
    )
    assert len(page.blocks) == 12
    assert max(block.confidence for block in page.blocks[2:-1]) < 0.7


@pytest.mark.parametrize("text", [CODE * 5, PRODUCTS], ids=["code", "products"])
def test_pages_without_sentences_get_low_confidence(segmenter: Segmenter, text: str) -> None:
    page = segmenter.segment(text)
    mean = sum(block.confidence for block in page.blocks) / len(page.blocks)
    assert mean < 0.75


def test_news_gets_high_confidence(segmenter: Segmenter) -> None:
    page = segmenter.segment(
        "Marwell closes its bridge\n\nThe council of Marwell voted on Monday to close the bridge "
        "for twelve days, officials said.\n\n“We have no choice,” said mayor Ida Brand, who told "
        "reporters that twelve bolts were missing from the western arch.\n\nAccording to the "
        "engineers, repairs will cost 12,000 euros and last until the end of May.\n"
    )
    assert all(block.confidence > 0.7 for block in page.blocks[1:])
