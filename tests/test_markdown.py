"""What is written as Markdown, rendered by a reader of CommonMark, is what the page says."""

from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from segmenter import Segmenter
from segmenter.markdown import markdown
from segmenter.page import Page

COMMONMARK = MarkdownIt("commonmark")


def converted(segmenter: Segmenter, html: str, links: bool = True) -> tuple[Page, str]:
    page = segmenter.segment_html(html)
    return page, markdown(page, segmenter.model.labels, links=links)


def rendered(text: str) -> str:
    """The HTML of a Markdown text, without the line breaks that say nothing."""
    return re.sub(r"\n(?=<)|(?<=>)\n", "", COMMONMARK.render(text))


def words(html: str) -> list[str]:
    """The words of HTML, its blocks apart."""
    return unescape(
        re.sub(
            r"</?(?:a|em|strong|code)\b[^>]*>",
            "",
            re.sub(r"</?(?:p|pre|h\d|li|[uo]l|blockquote)\b[^>]*>", " ", html),
        )
    ).split()


SAME = [
    # Code: nothing is escaped in it, and its fence is longer than what it has.
    "<p>the <code>a_b * \\c &amp;copy; [d]</code> call</p>",
    "<p><code>a`b</code> and <code>``</code> and <code>`c</code></p>",
    "<p>a ` and <code>b</code>` then `</p>",
    # Nesting, and closing in the reverse order.
    '<p><a href="https://a.example/"><strong>both</strong></a></p>',
    '<p><a href="https://a.example/"><em><strong>all</strong></em></a> of it</p>',
    "<p><strong>a <em>b</em></strong> <em>c</em></p>",
    "<p><strong>a</strong><em>b</em>c</p>",
    "<p>x<strong>a <em>b</em> c</strong>y</p>",
    '<p>Look!<a href="/b">link</a>, ![no](picture) and [no][link]</p>',
    # Targets.
    '<p><a href="/a_(b)">c</a> <a href="/a?b=1&amp;copy=2&amp;amp;">d</a></p>',
    # What would begin another block.
    *(
        f"<p>{start} text</p>"
        for start in ["~~~", "---", "***", "___", "===", "&gt;", "+", "-", "#"]
    ),
    *(
        f"<p>{line}</p>"
        for line in ["---", "- - -", "***", "___", "===", "+", "-", "#", "7.", "~~~"]
    ),
    *(f"<p>{start}text</p>" for start in ["~~~", "---", "***", "&gt;", "+", "-", "#", "1."]),
    "<p>1. Not a list</p>",
    "<p>1986) Not a list</p>",
    "<p>1986. <strong>Not</strong> a list</p>",
    "<p>- <strong>dash</strong></p>",
    "<p>&lt;div&gt; &lt;https://a.example&gt; &lt;!-- a --&gt;</p>",
    "<p>[a]: /b</p>",
    "<p>&amp;copy; &amp;#65; &amp;#x41; AT&amp;T &amp; Co &amp;</p>",
    "<p>C:\\ \\* \\</p>",
    "<h2>C #</h2>",
    "<h2>#</h2>",
    "<h3>a ### b ##</h3>",
    # Blocks of code.
    "<pre><code>a\n```\nb_c &amp;lt; *d*</code></pre>",
    "<pre><code>````</code></pre>",
    "<pre><code>a</code></pre><pre><code>b</code></pre>",
    # Lists and quotations.
    "<ul><li>a</li><li>b</li></ul>",
    "<ol><li>a</li><li>b</li></ol><p>c</p>",
    "<ol><li><p>a</p><p>b</p></li><li><p>c</p></li></ol>",
    "<ul><li>a<ul><li>b</li><li>c</li></ul></li><li>d<ol><li>e</li></ol></li></ul>",
    "<ul><li>a</li></ul><ul><li>b</li></ul>",
    "<ol><li>a</li></ol><ol><li>b</li></ol><ol><li>c</li></ol>",
    "<ul><li>a</li></ul><ol><li>b</li></ol>",
    "<ul><li><pre><code>a\nb</code></pre></li><li>c</li></ul>",
    "<blockquote><p>a</p><p>b</p></blockquote><p>c</p>",
    "<blockquote><p>a</p></blockquote><blockquote><p>b</p></blockquote>",
    "<blockquote><ul><li>a</li><li>b</li></ul><p>c</p></blockquote>",
    "<ul><li><blockquote><p>a</p></blockquote></li><li>b</li></ul>",
    "<ul><li>1. a</li><li>- b</li><li># c</li></ul>",
]


@pytest.mark.parametrize("html", SAME)
def test_the_page_comes_back(segmenter: Segmenter, html: str) -> None:
    assert rendered(converted(segmenter, html)[1]) == html


MEANT = [
    # Blanks at the edges stand outside; marks of one kind that touch are one.
    ("<p>It is<b> bold </b>text", "<p>It is <strong>bold</strong> text</p>"),
    ("<p><b>c</b><b>d</b><strong>e</strong>", "<p><strong>cde</strong></p>"),
    ("<p><code>c</code><kbd>d</kbd>", "<p><code>cd</code></p>"),
    ("<p><b>a<b>b</b></b><i> </i>c", "<p><strong>ab</strong> c</p>"),
    # Stars cannot part punctuation from a letter, nor code.
    ("<p><b>Date:</b>May", "<p><strong>Date</strong>:May</p>"),
    ("<p>said<b>“No”</b>then", "<p>said“<strong>No</strong>”then</p>"),
    ("<p>a<b>!</b>b", "<p>a!b</p>"),
    ("<p><b><code>a</code></b>s", "<p><code>a</code>s</p>"),
    ("<p><b><code>a</code></b>, b", "<p><strong><code>a</code></strong>, b</p>"),
    ("<p>x<i>a<b>b</b></i><b>c</b>y", "<p>x<em>ab</em>cy</p>"),
    ("<p><b><i>a</i>b<i>c</i></b>", "<p><strong>abc</strong></p>"),
    # Links and bold over the same text, in either order.
    ("<p>x<b><a href=/a>b</a></b>y", '<p>x<a href="/a"><strong>b</strong></a>y</p>'),
    # Targets.
    (
        r"<p><a href=' /a b<c>\d&#10;'>e</a>",
        '<p><a href="/a%20b%3Cc%3E%5Cd">e</a></p>',
    ),
    ("<p><a href='javascript:a()'>b</a> <a href='java&#10;script:a()'>c</a>", "<p>b c</p>"),
    (
        "<p><a href='javascript&amp;colon;a()'>b</a>",
        '<p><a href="javascript&amp;colon;a()">b</a></p>',
    ),
    # What is within an item is indented; numbers count items.
    (
        "<ol><li>a<br>b</li><li>c</li></ol>",
        "<ol><li><p>a</p><p>b</p></li><li><p>c</p></li></ol>",
    ),
    (
        "<ol><li>a</li><p>b</p><li>c</li></ol>",
        '<ol><li>a</li></ol><p>b</p><ol start="2"><li>c</li></ol>',
    ),
    (
        "<blockquote>a<pre>b</pre></blockquote>",
        "<blockquote><p>a</p><pre><code>b</code></pre></blockquote>",
    ),
]


@pytest.mark.parametrize(("html", "meant"), MEANT)
def test_what_is_meant(segmenter: Segmenter, html: str, meant: str) -> None:
    assert rendered(converted(segmenter, html)[1]) == meant


INLINE = st.recursive(
    st.text(st.sampled_from('ab1 .*_`~!&;#[]()<>\\-"“—')),
    lambda inner: st.builds(
        lambda tag, parts: f"<{tag}>{''.join(parts)}</{tag.split()[0]}>",
        st.sampled_from(["b", "i", "code", "span", "a href=/a", "a href='b (c)'"]),
        st.lists(inner, max_size=4),
    ),
    max_leaves=12,
)

BLOCKS = st.recursive(
    INLINE,
    lambda inner: st.builds(
        lambda tag, parts: f"<{tag}>{''.join(parts)}</{tag}>",
        st.sampled_from(["p", "ul", "ol", "li", "li", "blockquote", "pre", "h2", "br"]),
        st.lists(inner, max_size=4),
    ),
    max_leaves=12,
)


@given(BLOCKS, st.booleans())
def test_any_page_renders_back_to_its_text(segmenter: Segmenter, html: str, links: bool) -> None:
    page, text = converted(segmenter, html, links)
    assert words(rendered(text)) == page.text.split()


def test_a_wall_of_text_is_one_paragraph(segmenter: Segmenter) -> None:
    sentence = "The <b>harbour</b> of Larne_Port was shut on Monday, the board said. "
    page, text = converted(segmenter, f"<li><p>{sentence * 200}</p></li>")
    assert len(page.blocks) > 1
    assert rendered(text).count("<p>") <= 1
    assert rendered(text).count("<strong>") == 200
