"""Small pages with three labels that have nothing to do with news, for the tests of own labels."""

from __future__ import annotations

import json
from pathlib import Path

from training.pages import LabelledPage

LABELS = ("recipe", "memoir", "furniture")

RECIPE = (
    "Preheat the oven to {number} degrees and butter a tin.",
    "Whisk {number} eggs with 200 g of sugar until pale, then fold in the flour.",
    "Bake for {number} minutes, cool on a rack, and serve with {fruit}.",
)
MEMOIR = (
    "When I was a girl in {place}, my grandmother never measured anything.",
    "She would hum by the stove, and I remember how the whole house smelled of {fruit}.",
    "I miss those summers more than I can say, and so does my sister.",
)
FURNITURE = ("Jump to recipe · Print", "Pin it!", "Rate this recipe", "© {place} Kitchen", "Log in")

SCENES = (
    ("Ostby", "plums", 180), ("Marwell", "cherries", 170), ("Sarn", "apples", 200),
    ("Vell", "pears", 190), ("Tuma", "figs", 175), ("Kelt", "quinces", 165),
    ("Brill", "apricots", 185), ("Ansel", "rhubarb", 195), ("Pell", "currants", 160),
)  # fmt: skip

UNSEEN = (
    "Log in\n\n"
    "When I was a boy in Doln, my grandmother never let me near the stove.\n\n"
    "I remember how she would hum, and I miss her more than I can say.\n\n"
    "Pin it!\n\n"
    "Preheat the oven to 150 degrees and whisk 3 eggs with the sugar.\n\n"
    "Bake for 40 minutes, then cool on a rack and serve.\n\n"
    "Rate this recipe\n"
)
"""A page that is none of `pages`, with every label."""

TRUE = ("furniture", "memoir", "memoir", "furniture", "recipe", "recipe", "furniture")


def pages() -> list[LabelledPage]:
    """Eighteen pages by three writers."""
    shapes = (
        (("furniture", FURNITURE[:1]), ("memoir", MEMOIR), ("furniture", FURNITURE[1:2]),
         ("recipe", RECIPE), ("furniture", FURNITURE[2:])),
        (("recipe", RECIPE[:1]), ("furniture", FURNITURE[1:2]), ("recipe", RECIPE[1:]),
         ("memoir", MEMOIR[:2]), ("furniture", FURNITURE[3:4]), ("memoir", MEMOIR[2:]),
         ("furniture", FURNITURE[4:])),
    )  # fmt: skip
    found = []
    for i, (place, fruit, number) in enumerate(SCENES):
        for j, shape in enumerate(shapes):
            segments = tuple(
                (
                    label,
                    "".join(
                        line.format(place=place, fruit=fruit, number=number) + "\n\n"
                        for line in lines
                    ),
                )
                for label, lines in shape
            )
            found.append(LabelledPage(f"k{i}{j}", "authored:test", f"cook {i % 3}", segments, {}))
    return found


def write(path: Path) -> None:
    """The pages in the page format."""
    with path.open("w", encoding="utf-8") as file:
        for page in pages():
            segments = [{"label": label, "text": text} for label, text in page.segments]
            data = {"id": page.id, "source": page.source, "writer": page.writer}
            file.write(json.dumps({**data, "segments": segments}) + "\n")
