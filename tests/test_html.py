from __future__ import annotations

import codecs
import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from segmenter import Segmenter
from segmenter.cli import main
from segmenter.encoding import decode_html
from segmenter.html import HtmlPage, read_html
from segmenter.limits import bounded
from segmenter.markdown import markdown
from segmenter.page import Page

BODY = (
    "Police shut the port of Dover on Monday after a storm tore the roof off a ferry terminal, the "
    "harbour board said. "
)
PAGE = f"""<!doctype html><html lang="en-GB"><head><title>Storm shuts Dover port | Post</title>
<meta charset="utf-8"><meta property="og:title" content="Storm shuts Dover port">
<meta property="og:site_name" content="The Kent Post">
<link rel="canonical" href="https://kent.example/a">
<meta name="author" content="Ann Lee"><script type="application/ld+json">
{{"@graph": [{{"@type": "NewsArticle", "datePublished": "2024-03-01T10:00:00Z",
"author": [{{"name": "Ann Lee"}}, {{"name": "Bo Ray"}}]}}]}}</script></head><body>
<nav class="menu"><ul><li><a href="/">Home</a><li><a href="/sport">Sport</a>
<li><a href="/w">World</a></ul></nav>
<article class="article"><h1>Storm shuts Dover port</h1><div class="article-body">
<p>{BODY * 2}</p>
<p>“We have <em>never</em> seen this,” said <b>Jo Hill</b>, who runs it. {BODY}</p>
<h2>What happens next</h2><ul><li>{BODY}</li><li>{BODY} Ferries wait off the coast.</li></ul>
<p>{BODY} Read the <a href="https://kent.example/b">report</a> of 2019 * 2. {BODY}</p></div>
</article>
<footer class="footer"><p>Copyright 2024</p><a href="/privacy">Privacy policy</a></footer></body>"""


def texts(page: HtmlPage) -> list[str]:
    return [page.text[block.start : block.end] for block in page.blocks]


def assert_promises(page: Page | HtmlPage) -> None:
    covered = 0
    for block in page.blocks:
        assert block.start >= covered
        assert not page.text[covered : block.start].strip()
        assert page.text[block.start : block.end].strip()
        covered = block.end
    assert not page.text[covered:].strip()


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>One <b>bold</b>ly\n joined</p><p>Two", ["One boldly joined", "Two"]),
        ("a<br>b<br/>c", ["a", "b", "c"]),
        ("<table><tr><td>a<td>b<tr><th>c</table>", ["a", "b", "c"]),
        ("<ul><li>a<ul><li>b</ul>c</ul>", ["a", "b", "c"]),
        ("<figure><img alt=no><figcaption>Cap</figcaption></figure>", ["Cap"]),
        ("<pre>x = 1\n  y\n</pre>", ["x = 1", "y"]),
        (
            "<details><summary>More</summary>Hidden till opened</details>",
            ["More", "Hidden till opened"],
        ),
        ("<script>s</script><style>t</style><template>u</template>v<noscript>w</noscript>", ["v"]),
        ("<p hidden>a<p style='DISPLAY : none'>b<p style='visibility:hidden'>c<p>d", ["d"]),
        ("<dialog>a</dialog><dialog open>b</dialog>", ["b"]),
        ("<svg><text>a</text></svg><math><mi>x</mi><mo>=</mo></math> y", ["x= y"]),
        ("<select><option>a</select><button>b</button><textarea>c</textarea>d", ["d"]),
        ("<frameset><frame src=x></frameset>", []),
        ("<body></body>", []),
        ("&#x110000; &#xD800; &nbsp;&#0;&bogus; x", ["\ufffd \ufffd \ufffd&bogus; x"]),
    ],
)
def test_blocks_follow_rendering(html: str, expected: list[str]) -> None:
    page = read_html(html)
    assert texts(page) == expected
    assert_promises(page)


def test_what_scripts_alone_would_show_is_read_where_it_is_a_text() -> None:
    text = "word " * 210
    page = read_html(f"<div>a<noscript><p>{text}<p>end<noscript>c</noscript></noscript>b</div>")
    assert [page.text[block.start : block.end][:4] for block in page.blocks] == [
        "a", "word", "end", "b",
    ]  # fmt: skip
    assert page.blocks[1].element.path == "body > div > noscript > p"
    assert texts(read_html("<noscript>Please enable JavaScript</noscript>a")) == ["a"]
    assert_promises(page)


def test_a_block_knows_its_elements() -> None:
    page = read_html('<div id=top class="a b"><section><p class=lead>x')
    assert page.blocks[0].element.path == "body > div#top.a.b > section > p.lead"


def test_a_wall_of_text_is_cut_but_stays_one_line() -> None:
    page = read_html("<p>" + BODY * 30)
    assert len(page.blocks) > 3
    assert page.text.strip() == (BODY * 30).strip()
    assert [block.goes_on for block in page.blocks] == [False] + [True] * (len(page.blocks) - 1)
    assert_promises(page)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (codecs.BOM_UTF8 + "é".encode(), "é"),
        (codecs.BOM_UTF16_LE + "é".encode("utf-16-le"), "é"),
        ("<p>é".encode("utf-16-be"), "<p>é"),
        (b"<meta charset=iso-8859-1>\x93", "<meta charset=iso-8859-1>“"),
        (b"<meta charset=utf-16>\xc3\xa9", "<meta charset=utf-16>é"),
        (
            b"<meta http-equiv=Content-Type content='text/html; charset=windows-1251'>\xc4\xe0",
            "<meta http-equiv=Content-Type content='text/html; charset=windows-1251'>Да",
        ),
        (b"<!--<meta charset=koi8-r>-->\xc3\xa9", "<!--<meta charset=koi8-r>-->é"),
        (b"<meta charset=rot13>\xc3\xa9", "<meta charset=rot13>é"),
        (b"caf\xe9 \x80.", "café €."),
        ("cut off … é".encode()[:-1], "cut off … \ufffd"),
        (b" " * 2000 + b"<meta charset=koi8-r>\xc3\xa9", " " * 2000 + "<meta charset=koi8-r>é"),
    ],
)
def test_the_encoding_is_found_as_the_standard_says(content: bytes, expected: str) -> None:
    assert decode_html(content) == expected


def test_metadata(segmenter: Segmenter) -> None:
    metadata = segmenter.segment_html(PAGE).metadata
    assert metadata is not None
    assert metadata.to_dict() == {
        "title": "Storm shuts Dover port",
        "site_name": "The Kent Post",
        "url": "https://kent.example/a",
        "authors": ["Ann Lee", "Bo Ray"],
        "published": "2024-03-01T10:00:00Z",
        "language": "en-GB",
    }


@pytest.mark.parametrize(
    "head",
    [
        "<script type='application/ld+json'>[[[[{</script>",
        "<script type='application/ld+json'>" + "[" * 100_000 + "</script>",
        '<script type=\'application/ld+json\'>{"@type": 7, "author": {"name": []}}</script>',
        "<link rel=canonical href='http://[bad'>",
        "<link rel=canonical href='/a'><meta property=og:url content='http://[bad'>",
        "<link rel=canonical><meta name=author><html lang>",
    ],
)
def test_broken_metadata_does_no_harm(head: str) -> None:
    assert texts(read_html(head + "<body>x")) == ["x"]


def test_the_article_is_kept_and_nothing_else(segmenter: Segmenter) -> None:
    page = segmenter.segment_html(PAGE)
    cleaned = page.clean(keep=segmenter.model.labels[:3])
    assert "Ferries wait" in cleaned
    assert "never seen this" in cleaned
    assert not {"Home", "Sport", "Copyright 2024", "Privacy policy"} & set(cleaned.split("\n"))
    assert not cleaned.startswith("Storm shuts")
    assert page.clean(keep=segmenter.model.labels[:3], asides=True).startswith(
        "Storm shuts Dover port\n"
    )
    assert_promises(page)


@pytest.mark.parametrize("paragraphs", [2, 3])
@pytest.mark.parametrize(
    "article",
    ["<article><h1>Storm shuts port</h1>{}</article>", "<main><div class=content>{}</div></main>"],
)
def test_a_brief_is_kept_whole(segmenter: Segmenter, article: str, paragraphs: int) -> None:
    brief = [
        "A storm shut the port of Larne on Monday, police said. No one was hurt, and ferries are "
        "expected to sail again on Tuesday.",
        "The wind tore the roof from a warehouse on the quay, according to the fire service, which "
        "sent twelve engines.",
        "“We were lucky,” harbour master Jane Quinn, 54, told reporters.",
    ][:paragraphs]
    body = article.format("".join(f"<p>{paragraph}</p>" for paragraph in brief))
    page = segmenter.segment_html(
        "<title>Storm shuts port - Larne Gazette</title><nav><ul><li><a href=/>Home</a><li>"
        f"<a href=/sport>Sport</a></ul></nav>{body}<footer><p>© 2024 Larne Gazette</p></footer>"
    )
    assert page.clean().split("\n\n") == [*brief[:-1], brief[-1] + "\n"]


def test_markdown(segmenter: Segmenter) -> None:
    page = segmenter.segment_html(PAGE)
    keep = segmenter.model.labels[:3]
    text = markdown(page, keep)
    assert text.startswith("# Storm shuts Dover port\n\nPolice shut")
    assert "have *never* seen" in text
    assert "**Jo Hill**" in text
    assert "\n- Police" in text
    assert r"2019 \* 2" in text
    assert "https://" not in text
    assert "the [report](https://kent.example/b) of" in markdown(page, keep, links=True)


def test_bytes_and_text_give_the_same_page(segmenter: Segmenter) -> None:
    assert segmenter.segment_html(PAGE.encode()).blocks == segmenter.segment_html(PAGE).blocks


def test_a_page_does_not_depend_on_its_batch(segmenter: Segmenter) -> None:
    other = "<p>" + BODY + "<aside>Share</aside>" * 9
    alone = segmenter.segment_html(PAGE)
    for batch in ([PAGE, other, "", PAGE], [other, PAGE], ["", PAGE]):
        found = list(segmenter.pipe_html(batch))
        assert len(found) == len(batch)
        assert [page.blocks for page, html in zip(found, batch, strict=True) if html is PAGE] == [
            alone.blocks
        ] * batch.count(PAGE)


def test_the_command_line_reads_html(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(PAGE, encoding="utf-8")
    lines = tmp_path / "pages.jsonl"
    records = [{"id": "h", "html": PAGE}, {"id": "t", "text": BODY}, {"id": "i", "html": PAGE}]
    lines.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    run = CliRunner().invoke
    found = run(main, ["label", str(path), "--format", "json"])
    assert found.exit_code == 0
    page = json.loads(found.stdout)
    assert page["metadata"]["title"] == "Storm shuts Dover port"
    assert page["blocks"][0]["path"].startswith("body > nav.menu")
    found = run(main, ["clean", str(lines), "--format", "jsonl"])
    assert [json.loads(line)["id"] for line in found.stdout.splitlines()] == ["h", "t", "i"]
    sniffed = run(main, ["clean", "--format", "json"], input=PAGE)
    assert json.loads(sniffed.stdout)["metadata"]["language"] == "en-GB"
    linked = run(main, ["clean", str(path), "--format", "markdown", "--links"])
    assert "[report](https://kent.example/b)" in linked.stdout
    assert "https://" not in run(main, ["clean", str(path), "--format", "markdown"]).stdout
    wrong = run(main, ["clean", str(path), "--links"])
    assert wrong.exit_code == 2


@given(st.text(st.sampled_from("<>/=\"'&;! abpdivsl\x00\ud800é\n-"), max_size=200))
def test_any_text_is_a_page(html: str) -> None:
    assert_promises(read_html(html))


@given(st.binary(max_size=200))
def test_any_bytes_are_a_page(content: bytes) -> None:
    assert_promises(read_html(content))


@given(
    st.lists(
        st.sampled_from(
            [
                "<p>",
                "</p>",
                "<b>",
                "</b>",
                "<i id=1>",
                "</i>",
                "<table>",
                "<td>",
                "</table>",
                "<li>",
                "<a href=x>",
                "</a>",
                "<br>",
                "<pre>",
                "</pre>",
                "x",
                "\n",
                "<svg>",
                "</svg>",
                "<select>",
                "<option>",
                "<template>",
                "</template>",
                "<h1>",
                "<!--",
                "-->",
                "<script>",
                "</script>",
                "<math>",
                "<mtext>",
                "<frameset>",
                "<body>",
                "</body>",
                "</html>",
                "<noscript>",
                "<title>",
            ]
        ),
        max_size=60,
    )
)
def test_tags_in_any_order_keep_the_promises(tags: list[str]) -> None:
    html = "".join(tags)
    page = read_html(html)
    assert_promises(page)
    assert bounded(html.encode()) == html.encode() or html.count("<b>") + html.count("<i") > 8


def test_a_page_equals_itself_read_again(segmenter: Segmenter) -> None:
    html = (
        "<html><body><article><p>The river rose on Monday, police said.</p></article></body></html>"
    )
    page = segmenter.segment_html(html)
    assert page == segmenter.segment_html(html)
    assert page != segmenter.segment_html(html.replace("Monday", "Friday"))
