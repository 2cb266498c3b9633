"""What the columns of `segmenter.structure` and the numbers of `article` say, in words."""

from __future__ import annotations

from segmenter.article import DEPTH, REACHES
from segmenter.structure import MISSING, TAGS

_LENGTHS = (
    "no words", "1 or 2", "3 to 5", "6 to 10", "11 to 19", "20 to 34", "35 to 59", "60 to 99",
    "100 or more",
)  # fmt: skip
_LINKS = ("no links", "few links", "links", "little but links")
_LAST = ("another character", "“.”", "“!” or “?”", "a quotation mark", "“:”", "a digit", "“,”")
_WORDS = ("0", "1", "5", "12", "25", "50", "100", "200", "400", "800", "1600", "3200")
_SHARES = ("none", "under 10%", "10%", "20%", "35%", "50%", "70%", "90% or more")
_ROLES = ("body", "headline", "standfirst", "caption", "biography", "comment")
_OVERLAPS = ("none", "under 25%", "25%", "50%", "75%", "all")


def column_names() -> tuple[str, ...]:
    """The columns, in order."""
    return (
        "shape",
        *(f"shape of block {step:+d}" for step in (-3, -2, -1, 1, 2, 3)),
        "tag",
        *(f"tag of block {step:+d}" for step in (-2, -1, 1, 2)),
        "words of the title",
        "words of the description",
        "blocks of like name",
        "links in blocks of like name",
        *(
            f"{what} {level} up"
            for level in range(6)
            for what in ("text of the element", "prose in the element")
        ),
        "prose in the 5 blocks before",
        "prose in the 5 blocks after",
        "long prose before",
        "long prose after",
        "h1 before",
        "h1 after",
        "said more than once",
        "inline element at the start",
        "role by name",
    )


def bin_name(column: int, level: int) -> str:
    """What a bin of a column stands for."""
    name = column_names()[column]
    if level == MISSING and (name.startswith(("shape", "tag"))):
        return "no such block"
    if name.startswith("shape"):
        length, linked = divmod(level // 7, 4)
        return f"{_at(_LENGTHS, length)} words, {_LINKS[linked]}, ends with {_LAST[level % 7]}"
    if name.startswith("tag"):
        tag, length = divmod(level, 9)
        return f"{TAGS[tag] if tag < len(TAGS) else 'other'}, {_LENGTHS[length]} words"
    if name.startswith("words of"):
        if level == 0:
            return "the page has none"
        block, text = divmod(level - 1, 6)
        return f"{_at(_OVERLAPS, block)} of the block, {_at(_OVERLAPS, text)} of it"
    if name == "blocks of like name":
        return f"{_power(level // 12)}, of {_at(_WORDS, level % 12)} words or more"
    if name == "links in blocks of like name":
        return f"{_at(_SHARES, level // 12)}, {level % 12 * 10}% of the page's words"
    if name.startswith("text of"):
        return f"{_at(_WORDS, level // 8)} words or more, in links: {_SHARES[level % 8]}"
    if name.startswith("prose in the element"):
        return f"{level % 11 * 10}% of it, in {_power(level // 11)} blocks"
    if name.startswith("prose"):
        return f"{_at(_WORDS, level)} words or more"
    if name.endswith(("before", "after")):
        return "none" if level == 0 else f"{_power(level - 1)} blocks away"
    if name == "said more than once":
        return f"{level // 2} times, {'said before' if level % 2 else 'the first'}"
    if name == "role by name":
        return _at(_ROLES, level)
    return "none" if level == 0 else f"kind {level}"


def _at(names: tuple[str, ...], place: int) -> str:
    return names[min(place, len(names) - 1)]


def _power(exponent: int) -> str:
    """The whole numbers that take so many binary digits."""
    low, high = 1 << max(exponent - 1, 0), (1 << exponent) - 1
    return "0" if exponent == 0 else str(low) if low == high else f"{low} to {high}"


def number_names() -> tuple[str, ...]:
    """The numbers of `article.around`, in order."""
    windows = [
        f"the {reach} block{'s' * (reach > 1)} {side}"
        for reach in REACHES
        for side in ("before", "after")
    ]
    groups = [f"the element {level} up" for level in range(DEPTH)]
    lengths = ("under 1", "1 or 2", "3 to 5", "6 to 11", "12 to 24", "25 to 49", "50 or more")
    return (
        "the block's own odds",
        "the block's own probability",
        *(f"mean of {window}" for window in windows),
        *(f"mean of {group}" for group in groups),
        "mean of the blocks of like name",
        "mean of the page",
        "elements up to the main container",
        "in the main container itself",
        "one element up to the main container",
        "share of links",
        *(f"length: {length} words" for length in lengths),
        "a heading",
        "short: the block's own odds",
        *(f"short: mean of {window}" for window in windows[:6]),
        "short: mean of the element 0 up",
        "short: mean of the element 1 up",
        "short: in the main container itself",
        *(f"heading: mean of {window}" for window in windows[:6]),
        "heading: in the main container itself",
    )
