"""Small word lists: function words, and cues of each kind of text.

Each word is one token (see `segmenter.tokens`); a word may be in several lists. A cue is counted in
every block; which label it speaks for is learned.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from segmenter.tokens import MARK, Hashes, Ints, Tokens, hash_words

FUNCTION = """
a an the this that these those some any all each every both either neither such no another other
i me my mine you your yours he him his she her hers it its we us our ours they them their theirs
myself yourself himself herself itself ourselves themselves one who whom whose which what
and or but nor so yet for if unless because although though while whereas since until as than
of to in on at by with from into onto over under about against through across during before after
between among within without along around behind beyond near toward towards up down out off above
below per via despite except
am is are was were be been being have has had having do does did done will would shall should can
could may might must ought not n't there here then when where why how now
also only even just still already again too very more most less least much many few own same
"""

MONTHS = """
january february march april may june july august september october november december jan feb mar
apr jun jul aug sep sept oct nov dec
"""

DAYS = """
monday tuesday wednesday thursday friday saturday sunday mon tue wed thu fri sat sun
"""

ENDS = ". ! ? … !! ?? :"

CUES = {
    "you": "you your yours yourself yourselves you're you've you'll you'd y'all",
    "i": "i me my mine myself i'm i've i'd i'll",
    "we": "we us our ours ourselves we're we've we'll we'd let's",
    "he, she": "he she him her his hers himself herself he's she's",
    "address": """folks ladies gentlemen friends dear readers reader buddy guys everyone everybody
        pals mate mates amigos fellow fans""",
    "interjection": """well ah oh hey wow yep nope hmm alas behold ooh yikes oops bravo hooray okay
        ok yes yeah sure hello hi aha ha haha phew ugh whoa ahem voila huh""",
    "thanks": """thank thanks welcome pleasure grateful appreciate appreciated joining delighted
        honored glad""",
    "attribution": """said says told tells saying added adds adding explained explains stated states
        noted notes stressed announced announces confirmed confirms reported reports denied denies
        claimed claims argued argues recalled declared insisted warned warns according quoted
        replied commented emphasized informed wrote writes testified admitted estimates
        estimated""",
    "office": """minister spokesman spokesperson spokeswoman president government police court
        ministry official officials authorities mayor council parliament agency department company
        prosecutor prosecutors judge university committee union party statement report data figures
        secretary director chief head coach captain deputy governor institute hospital""",
    "hedge": """may might could perhaps possibly likely unlikely seems seem appears appear
        potentially somewhat arguably probably suggest suggests tend tends can often sometimes""",
    "expert": """crucial essential vital significant significantly navigate navigating landscape
        underscores underscore underscoring highlights highlight insight insights foster fostering
        ensure ensuring stakeholders complex complexities complexity challenge challenges
        implications nuanced broader dynamics resilience transparency importance important balance
        impact impacts approach potential ultimately moreover furthermore additionally absolutely
        indeed certainly precisely exactly fascinating critical key role sustainable collaboration
        perspective perspectives engage engagement address addressing remains lessons policymakers
        communities meaningful long-term trust dialogue evolving""",
    "expertise": """dr professor expert expertise analyst specialist economist commentator historian
        strategist consultant researcher sociologist interview interviewer editor host guest
        q question questions answer""",
    "show": """popcorn circus comedy drama plot twist twists soap opera punchline joke jokes meme
        memes sitcom netflix hilarious laugh laughing laughs giggle chuckle comedian absurd
        ridiculous clown reality episode season cliffhanger spoiler sequel hollywood oscar superhero
        monopoly theater theatre stage curtain audience applause standing ovation script farce
        spectacle tragedy rollercoaster blockbuster magic magician wizard unicorn dragon pirate
        batman marvel disney game-show""",
    "pretend": """imagine picture suppose guess remember forget wonder meanwhile apparently
        allegedly presumably supposedly reportedly naturally obviously surely frankly honestly
        seriously""",
    "intensifier": """really absolutely totally literally simply truly incredibly utterly quite
        rather pretty extremely completely entirely perfectly precisely clearly""",
    "casual": """stuff thing things kind sort bit lot lots gonna wanna gotta ain't ol kid kids guy
        cool fun crazy darn heck dang hold hats grab tune tuned buckle seat seats ride roll wait
        spill tea party dance dancing juggling wrestling""",
    "kitchen": """toast waffle sandwich pizza pie cake cookie oven kitchen coffee beer sock socks
        grandmother grandma uncle aunt cat dog squirrel cow goat chicken penguin hamster spaghetti
        pasta soup cheese sausage banana potato onion recipe bake baking fridge toaster sofa couch
        pants trousers slippers bathtub toilet diet yoga dentist dating tinder ikea lego""",
    "negation": """not no never nothing nobody none cannot can't don't doesn't didn't won't wouldn't
        isn't aren't wasn't weren't hasn't haven't couldn't shouldn't without""",
    "contraction": """it's that's there's here's what's who's let's they're they've they'll don't
        doesn't didn't can't won't isn't aren't wasn't couldn't wouldn't shouldn't haven't hasn't
        i'm i've i'd i'll you're you've you'll we're we've we'll he's she's where's how's""",
    "month": MONTHS,
    "day": DAYS,
    "time": """today yesterday tomorrow tonight morning afternoon evening night week weeks month
        months year years hour hours ago last next since until recent recently earlier later""",
    "money": """million billion trillion percent per cent euros euro dollars dollar pounds crowns
        rupees yen lira rubles pesos francs tonnes tons kilometers kilometres km meters metres kg
        hectares shares points votes""",
    "page": """share subscribe subscription cookie cookies login log sign signup newsletter
        newsletters comments comment reply email mail advertisement ad ads advertising sponsored
        privacy policy copyright rights reserved click menu search home tags tag related published
        updated modified read follow more copy link print save terms conditions accept consent
        account register password website browser site app download archive archives previous next
        page pages contents posted category categories section sections latest popular trending
        edition facebook twitter whatsapp telegram linkedin instagram pinterest youtube tiktok
        bluesky rss feed feeds views hits min mins minutes source loading javascript skip navigation
        topics contact advertise careers faq imprint sitemap corrections feedback donate support
        unsubscribe recommended""",
    "credit": """photo photos image images picture credit getty reuters afp ap epa tass illustration
        video file archive courtesy via by byline reporter correspondent journalist author staff
        writer editing newsroom agency dpa efe ansa anadolu xinhua""",
    "wait": "also likewise however moreover therefore thus hence nevertheless whereas",
    "asks": "what why how who when where which whose",
    "asking": "do does did can could would should is are will has have",
    "joiner": "and but so because or plus except",
    "like": "like as",
    "article": "a an the",
    "if": "if unless whether",
    "web": "http https www com org net html php",
}

MARK_CUES = {
    "!": ("!",),
    "?": ("?",),
    "!!": ("!!", "??"),
    '"': ('"',),
    "'": ("'",),
    "( )": ("(", ")"),
    ":": (":",),
    ";": (";",),
    ",": (",",),
    ".": (".",),
    "…": ("…",),
    "-": ("-",),
    "•": ("•", "|", "/"),
    "*": ("*", "**", "_"),
    "#": ("#", "##"),
    "$ %": ("$", "%", "€", "£", "¥"),
    "@ ©": ("@", "©", "®"),
    "[ ]": ("[", "]"),
    "< >": ("<", ">", "&", "="),
}


class Lexicon(NamedTuple):
    """The lists as tables, each with a row for "no word of the lists" first.

    ``hashes``: uint64, of each word. ``factor``, ``slots``: uint64 and uint16, the word whose hash
    times the factor has these leading bits.
    ``cues``: uint8 of shape (most lists, words), the lists that each word is in, as places in
    `CUE_NAMES` counted from 1, filled up with 0. ``function``, ``month``, ``day``, ``like``,
    ``article``, ``end``, ``stop``: bool, of each word; the last two are the marks that end a
    sentence or what leads up to one, and those that end a sentence.
    """

    hashes: Hashes
    factor: np.uint64
    slots: NDArray[np.uint16]
    cues: NDArray[np.uint8]
    function: NDArray[np.bool_]
    month: NDArray[np.bool_]
    day: NDArray[np.bool_]
    like: NDArray[np.bool_]
    article: NDArray[np.bool_]
    end: NDArray[np.bool_]
    stop: NDArray[np.bool_]


CUE_NAMES = (*CUES, *MARK_CUES)

_SLOT_BITS = 17


@cache
def lexicon() -> Lexicon:
    """The lists as tables."""
    lists = {name: words.split() for name, words in CUES.items()} | {
        name: list(marks) for name, marks in MARK_CUES.items()
    }
    single = [w for words in lists.values() for w in words if "-" not in w or w == "-"]
    words = sorted({*single, *FUNCTION.split(), *ENDS.split()})
    row = {word: i + 1 for i, word in enumerate(words)}
    member = np.zeros((len(words) + 1, len(lists)), bool)
    for column, name in enumerate(lists):
        member[[row[word] for word in lists[name] if word in row], column] = True
    cues = np.zeros((len(words) + 1, member.sum(axis=1).max()), np.uint8)
    of_word, which = np.nonzero(member)
    cues[of_word, np.arange(len(which)) - np.searchsorted(of_word, of_word)] = which + 1
    hashes = np.append(np.uint64(0), hash_words(words))
    slots = np.zeros(1 << _SLOT_BITS, np.uint16)

    def among(names: str) -> NDArray[np.bool_]:
        found = np.zeros(len(words) + 1, bool)
        found[[row[word] for word in names.split() if word in row]] = True
        return found

    # The first odd factor that sends each word to a slot of its own.
    factor = next(
        factor
        for factor in np.arange(1, 1 << 12, 2).astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        if len(set(_slot_of(hashes[1:], factor).tolist())) == len(words)
    )
    slots[_slot_of(hashes[1:], factor)] = np.arange(1, len(words) + 1)
    return Lexicon(
        hashes,
        factor,
        slots,
        np.ascontiguousarray(cues.T),
        among(FUNCTION),
        among(MONTHS) & ~among("may mar"),
        among(DAYS) & ~among("sun sat"),
        among("like as"),
        among("a an the"),
        among(ENDS),
        among(ENDS) & ~among(":"),
    )


def _slot_of(hashes: Hashes, factor: np.uint64) -> NDArray[np.int64]:
    """The leading bits of each hash times the factor."""
    return ((hashes * factor) >> np.uint64(64 - _SLOT_BITS)).view(np.int64)


def look_up(hashes: Hashes) -> Ints:
    """The row of each token in the tables; 0 for a token that is in no list."""
    tables = lexicon()
    # As wide as an index, since each look-up by the rows would widen them again.
    rows = tables.slots.take(_slot_of(hashes, tables.factor)).astype(np.intp)
    np.putmask(rows, tables.hashes.take(rows) != hashes, 0)
    return rows


def sentence_starts(tokens: Tokens, rows: Ints) -> NDArray[np.bool_]:
    """Whether each token begins a sentence; opening marks are passed over."""
    is_mark = tokens.kinds == MARK
    ender = lexicon().end.take(rows)
    begins = np.zeros(len(is_mark) + 1, bool)
    begins[1:] = ender
    begins[tokens.bounds[:-1]] = True
    begins = begins[:-1]
    clear = is_mark & ~ender
    for _ in range(3):
        begins[1:] |= begins[:-1] & clear[:-1]
    return begins
