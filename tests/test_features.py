from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from segmenter import columns as cols
from segmenter.columns import bin_name, column_names
from segmenter.features import extract
from segmenter.lexicon import lexicon, look_up
from segmenter.tokens import hash_words

PAGE = """Council buys a second clock

Council buys a second clock

The town of Marwell will have two clocks from May. "One was never enough," said Mayor Ida Brand, 61.

Anna Holt: Is the second clock faster?

Ida Brand: No!

Anna Holt: Will it strike?

Share   Tweet   Print
"""


def column(name: str, text: str = PAGE) -> list[int]:
    return extract([text]).features.columns[:, column_names().index(name)].tolist()


def occurs(name: str, text: str = PAGE) -> list[bool]:
    """Whether a cue occurs in each block: the bins behind the densities are kinds of none."""
    return [0 < level < 9 for level in column(name, text)]


def grams(text: str) -> list[tuple[int, ...]]:
    features = extract([text]).features
    return [tuple(g.buckets.tolist()) for g in (*features.masked, *features.words)]


@given(st.lists(st.text(max_size=300), min_size=1, max_size=5))
def test_features_of_a_text_do_not_depend_on_the_batch(texts: list[str]) -> None:
    together = extract(texts).features
    alone = [extract([text]).features for text in texts]
    assert np.array_equal(together.columns, np.concatenate([f.columns for f in alone]))
    for group in ("masked", "words"):
        for i, gram in enumerate(getattr(together, group)):
            parts = [getattr(f, group)[i] for f in alone]
            assert np.array_equal(gram.buckets, np.concatenate([p.buckets for p in parts]))
            lengths = np.concatenate([np.diff(p.bounds) for p in parts])
            assert np.array_equal(np.diff(gram.bounds), lengths)


@given(st.text())
def test_bins_are_bins(text: str) -> None:
    columns = extract([text]).features.columns
    assert columns.shape[1] == len(column_names())
    assert columns.max(initial=0) < cols.BINS


def test_names_of_columns_are_unique() -> None:
    assert len(set(column_names())) == len(column_names())


def test_every_word_of_the_lists_is_found_and_no_other() -> None:
    tables = lexicon()
    assert np.array_equal(look_up(tables.hashes[1:]), np.arange(1, len(tables.hashes)))
    assert look_up(hash_words(["zeppelin", "quorum"])).tolist() == [0, 0]


def test_kinds_of_quotation_marks_dashes_and_ellipses_count_as_the_same() -> None:
    plain = 'He said "no - never..." and it\'s over'
    assert grams(plain) == grams("He said “no — never…” and it’s over")
    assert grams(plain) == grams("He said «no – never...» and it's over")


def test_accents_and_case_count_as_the_same_in_words() -> None:
    assert grams("the café é")[3] == grams("the CAFE e")[3]


def test_names_inside_a_sentence_are_masked_as_one() -> None:
    one, other = "then Ida Brand said so", "then Jürgen van Nuys said so"
    assert grams(one)[:3] != grams("then he said so")[:3]
    assert grams("then Ida Brand said so")[:3] == grams("then Bert said so")[:3]
    assert grams(one)[3] != grams(other)[3]


def test_figures_are_masked_by_size() -> None:
    assert grams("it cost 4,500 euros")[:3] == grams("it cost 9.876 euros")[:3]
    assert grams("it cost 4,500 euros")[:3] != grams("it cost 4 euros")[:3]


def test_repeated_blocks() -> None:
    assert column("repeated") == [2, 1, 0, 0, 0, 0, 0]


def test_turns_of_a_speaker() -> None:
    assert column("turns of the speaker") == [0, 0, 0, 2, 1, 2, 0]
    assert column("place of colon") == [0, 0, 0, 3, 3, 3, 0]


def test_question_and_exclamation_marks() -> None:
    assert occurs("?") == [False, False, False, True, False, True, False]
    assert occurs("!") == [False] * 4 + [True] + [False] * 2


def test_cues_outside_quotations() -> None:
    page = 'He said "I will not" and left.\nI will not and left.'
    assert occurs("i", page) == [True, True]
    assert occurs("i, outside quotations", page) == [False, True]


def test_that_a_cue_is_missing_says_the_less_the_shorter_the_text() -> None:
    lengths = (4, 20, 100, 300)
    found = [column("?", " ".join(["word"] * length))[0] for length in lengths]
    assert found == [11, 10, 9, 0]


def test_words_seen_on_the_rest_of_the_page() -> None:
    later = column("words seen later")
    assert later[0] == 11  # all words of the headline come again
    assert later[-1] == 0  # there is nothing behind the last block


def test_that_no_word_is_shared_says_something_only_where_there_are_words() -> None:
    lines = "The minister resigned yesterday.\n\nBakers protested loudly outside parliament."
    assert column("words seen earlier", lines) == [0, 0]
    long = " ".join(["Farmers harvested barley before autumn rains arrived again."] * 10)
    assert column("words seen earlier", f"{long}\n\n{lines}")[1:] == [1, 1]


def test_words_that_run_into_each_other() -> None:
    page = "GeopoliticsWhat will the world look like?\nA McDonald said so to the NATO chief.\nOther"
    assert column("fused words", page) == [1, 0, 0]
    assert column("fused word first", page) == [1, 0, 0]
    assert column("fused word first", "He met one of the MacDonalds") == [0]


def test_a_link_that_asks_does_not_end_as_a_question_does() -> None:
    page = "GeopoliticsWhat will the world look like?\nWhat will it look like?\nSportUnited win"
    assert [bin_name("last token", level) for level in column("last token", page)] == [
        "? of a link",
        "?",
        "word",
    ]


def test_a_link_that_asks_is_no_question_unlike_a_speaker_whose_name_is_one_word() -> None:
    page = "SportWho won the race?\n\nSportDaily: Who won the race?\n\nWho won the race?"
    assert occurs("?", page) == [False, True, True]
    assert column("sentences", page) == [0, 1, 1]


def test_a_word_that_has_run_into_the_next_leaves_a_mark_among_the_masked_ngrams() -> None:
    fused, apart = (extract([text]).features for text in ("SportUnited win", "Sport United win"))
    pairs, pairs_apart = fused.masked[1], apart.masked[1]
    assert np.diff(pairs.bounds).tolist() == [5]  # three words, the mark, and both ends
    assert np.diff(pairs_apart.bounds).tolist() == [4]
    assert fused.words[0].buckets.tolist() == apart.words[0].buckets.tolist()


def test_a_link_and_a_speaker_of_fused_words_are_told_apart() -> None:
    page = "SportUnited win again\nWorldNow.Today: What follows?\nPoliticsThe vote, as it was: lost"
    assert column("fused word first", page) == [1, 2, 1]


def test_places_where_words_may_be_seen_and_where_there_is_too_little() -> None:
    filler = [f"Plain filler {name} goes {name} on." for name in "abcdefghijklmnopqrst"]
    filler = [" ".join([line] * 12) for line in filler]
    lines = [
        *filler[:3],
        "Zanzibar marmalade festival",
        *filler[3:6],
        "Zanzibar marmalade festival",
    ]
    lines += [*filler[6:16], "Zanzibar marmalade festival"]
    found = {
        where: [level % 12 for level in column(f"words seen {where}", "\n\n".join(lines))]
        for where in ("earlier", "later", "just before", "just behind", "far away", "often")
    }
    first, second, third = 3, 7, 18
    assert [found["earlier"][at] for at in (first, second, third)] == [1, 11, 11]
    assert [found["later"][at] for at in (first, second, third)] == [11, 11, 0]
    assert [found["just before"][at] for at in (first, second, third)] == [1, 11, 1]
    assert [found["just behind"][at] for at in (first, second, third)] == [11, 1, 0]
    assert [found["far away"][at] for at in (first, second, third)] == [11, 11, 11]
    assert found["often"][first] == 1
