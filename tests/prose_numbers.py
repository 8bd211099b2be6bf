r"""Which numbers a reader meets in prose, and whether the chapter computed them.

A number of three or more significant digits in a markdown cell must stand in an output or in the
source of a code cell of the same chapter. The rule, in full:

- *Prose* is the text and the LaTeX of a markdown cell without code (spans and fences), addresses,
  HTML tags, roles such as ``{cite}`x```, options of directives and equation labels.
- *Digits* are counted from the first that is not 0: 0.05 has one, 0.500 three, 20,000 five.
- *Spelling* does not matter: ``20,000``, ``20{,}000``, ``20\,000`` and ``20_000`` are 20000,
  ``1.5 \times 10^{-7}`` is 1.5e-7, and − is -.
- *Equal* means equal in value, or equal once the computed number is rounded to the last digit
  that the prose gives (0.291027774 may be told as 0.291). A number followed by … may be cut
  instead of rounded.
- A *minus sign* in front of a number in prose must be there in the computed number too. A number
  without a sign may be the size of a negative one.
- A *year* is free where it reads as one: in brackets, (1986), or after in, since, of, by, from and
  not in front of a plural: "in 1986 Rumelhart", but not "in 2000 steps".
- A *version* with two dots (2.13.0) is free, and so is the number of a section in its heading and
  after the word (section 4.11). Figures and exercises have numbers without a third digit.
"""

import re
from decimal import ROUND_HALF_DOWN, ROUND_HALF_UP, Decimal

SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
THIN = r"(?:,|\{,\}|\\,|[\u2009\u202f\u00a0]|_)"  # between groups of thousands
NUMBER = re.compile(
    rf"""
    (?<![\w.])                                     # not inside a name or another number
    (?P<sign>(?<![\w)}}\]])-)?                     # a minus that touches nothing before it
    (?P<whole>\d{{1,3}}(?:{THIN}\d{{3}})+(?!\d)|\d+)
    (?P<fraction>\.\d*)?
    (?:[eE](?P<e>[+-]?\d+)
      |\s*(?:×|·|\\times|\\cdot)\s*10\^?\{{?(?P<ten>-?\d+)\}}?(?!\w))?
    (?P<cut>\s*(?:…|\.\.\.|\\l?dots))?
    """,
    re.VERBOSE,
)
NOT_PROSE = [
    r"^(`{3,}|~{3,}).*?^\1",  # code fences
    r"\$\$\s*\([\w:-]+\)",  # the label of an equation
    r"\{[\w:+-]+\}`[^`]*`",  # roles
    r"`+[^`]*`+",  # code spans
    r"\]\([^)]*\)",  # targets of links
    r"^\s*\[[^\]]+\]:\s.*?$",  # link definitions
    r"<[a-zA-Z/!][^>]*>",  # HTML tags and <addresses>
    r"https?://\S+",
    r"(?i:\b(?:doi|arxiv|isbn)):?\s?[\w./-]+",
    r"^:[\w-]+:.*?$",  # options of directives
    r"\b\d+\.\d+\.\d+(?:\.\d+)*\b",  # versions
    r"^#{2,6} \d+\.\d+(?= )",  # numbers of sections, as headings
    r"(?<=\b[Ss]ection )\d+\.\d+\b",  # ... and named
    r"(?<=\()(?:19|20)\d\d[a-z]?(?=\))",  # (1986)
    r"(?<=\b[Ii]n |\b[Oo]f |\b[Bb]y )(?:19|20)\d\d\b(?!,\d|\.\d|\s+\w+s\b)",
    r"(?<=\b[Ss]ince )(?:19|20)\d\d\b(?!,\d|\.\d|\s+\w+s\b)",
    r"(?<=\b[Ff]rom )(?:19|20)\d\d\b(?!,\d|\.\d|\s+\w+s\b)",
    r"\\(?:h|v|m)space\*?\{[^}]*\}",
]


def plain(text):
    """The text with one spelling for minus signs, superscripts and powers of ten.

    A LaTeX command ends in front of a digit: the 0.5 of ``\\cdot0.5`` is a number.
    """
    text = text.replace("−", "-").replace("{-}", "-")
    text = re.sub(r"(\\[a-zA-Z]+)(?=\d)", r"\1 ", text)
    return re.sub(r"10([⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+)", lambda m: "10^" + m[1].translate(SUPERSCRIPTS), text)


def prose(markdown):
    """The part of a markdown cell whose numbers are checked."""
    for pattern in NOT_PROSE:
        markdown = re.sub(pattern, " § ", markdown, flags=re.MULTILINE | re.DOTALL)
    return plain(markdown)


def value(match):
    """The `Decimal` that a match of `NUMBER` spells."""
    whole = re.sub(THIN, "", match["whole"])
    exponent = match["e"] or match["ten"] or "0"
    return Decimal(f"{match['sign'] or ''}{whole}{match['fraction'] or ''}e{exponent}")


def two_numbers(match):
    """What (170,100) spells if it is no number of thousands but a list; None if it is not one."""
    before = match.string[match.start() - 1 : match.start()]
    parts = match["whole"].split(",")
    if before in {"(", "[", "{", ","} and len(parts) > 1 and not match["fraction"]:
        return [Decimal(part) for part in parts] if "000" not in parts else None
    return None


def digits(number):
    """How many significant digits a `Decimal` was written with."""
    return len(number.as_tuple().digits) if number else 0


def computed_numbers(texts):
    """Every number in the sources and outputs of a chapter."""
    found = set()
    for text in texts:
        for match in NUMBER.finditer(plain(text)):
            found.add(value(match))
            found.update(two_numbers(match) or [])
    return found


def agrees(number, other, cut=False):
    """Whether prose may say ``number`` where the chapter computed ``other``."""
    if number >= 0:
        other = abs(other)
    if number == other:
        return True
    place = number.as_tuple().exponent
    if number.is_signed() != other.is_signed() or other.as_tuple().exponent >= place:
        return False
    unit = Decimal(1).scaleb(place)
    ways = ["ROUND_DOWN"] if cut else [ROUND_HALF_UP, ROUND_HALF_DOWN]
    return any(other.quantize(unit, rounding=way) == number for way in ways)


def known(number, computed, cut):
    """Whether a number of prose is too short to be checked or agrees with a computed one."""
    return digits(number) < 3 or any(agrees(number, other, cut) for other in computed)


def uncomputed(markdown, computed):
    """The numbers of a markdown cell, as written, that no number in ``computed`` agrees with."""
    for match in NUMBER.finditer(prose(markdown)):
        cut = bool(match["cut"])
        readings = filter(None, [[value(match)], two_numbers(match)])
        if not any(all(known(number, computed, cut) for number in one) for one in readings):
            yield match[0].strip()
