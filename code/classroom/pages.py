"""What all HTML pages of the classroom share: one file each, no script, nothing from elsewhere.

Whatever a student can influence goes through `said` or `prose`. The policy in the head forbids
scripts, requests and forms, should anything ever get past them.
"""

import html
import re
from pathlib import Path

__all__ = [
    "MARKED",
    "VERDICTS",
    "counted",
    "document",
    "listed",
    "number",
    "prose",
    "said",
    "table",
]

#: What a question's status is called on a page: a sign, words, and the colour's name.
VERDICTS = {
    "right": ("✓", "Right", "right"),
    "mistake": ("≈", "A known mistake", "wrong"),
    "wrong": ("✗", "Not right", "wrong"),
    "shape": ("✗", "Another shape", "wrong"),
    "type": ("✗", "Not the kind of value asked for", "wrong"),
    "nan": ("✗", "Not a number, or infinite", "wrong"),
    "error": ("✗", "An error", "wrong"),
    "timeout": ("✗", "Took too long", "wrong"),
    "missing": ("–", "No answer", "wrong"),
    "refused": ("✗", "Uses what it may not use", "wrong"),
    "crash": ("✗", "Ended its process", "wrong"),
    "manual": ("…", "Will be marked by hand", "hand"),
    "failed": ("?", "A person will look at it", "hand"),
}
#: The same of what a person has marked.
MARKED = ("✎", "Marked by hand", "hand")
#: So many names stand in a sentence.
NAMED = 5

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
#: Control characters, marks that turn the direction of writing, halves of a character: shown as
#: their number, so that nobody can hide something or make it read otherwise.
ODD = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)


def said(value):
    """Return any text as HTML that shows it, in an element or in a quoted attribute."""
    plain = str(value).replace("\r\n", "\n")
    return html.escape(ODD.sub(lambda odd: f"[U+{ord(odd[0]):04X}]", plain))


def prose(value):
    """As `said`; what stands between backticks becomes code."""
    return re.sub(r"`([^`\n]+)`", r"<code>\1</code>", said(value))


def number(value):
    """Return points or a mark in words: two digits after the point at most."""
    return f"{round(float(value), 2):g}"


def counted(count, one, many=""):
    """Return "1 student", "2 students"; many: where the plural is not made with an s."""
    return f"{number(count)} {one if count == 1 else many or f'{one}s'}"


def listed(names):
    """Return names for a sentence: a few, and how many more there are."""
    names = list(names)
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def table(caption, heads, rows, numeric=()):
    """Return a table. heads: texts; rows: lists of HTML; numeric: the columns of numbers.

    The first entry of a row is its heading.
    """

    def cell(tag, k, content, scope=""):
        kind = ' class="number"' if k in numeric else ""
        return f"<{tag}{scope}{kind}>{content}</{tag}>"

    head = "".join(cell("th", k, said(text), ' scope="col"') for k, text in enumerate(heads))
    lines = [
        "<tr>"
        + cell("th", 0, row[0], ' scope="row"')
        + "".join(cell("td", k, content) for k, content in enumerate(row[1:], 1))
        + "</tr>"
        for row in rows
    ]
    body = "\n".join(lines)
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{said(caption)}">\n'
        f"<table>\n<caption>{said(caption)}</caption>\n"
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>\n</div>"
    )


def document(title, body, kind=""):
    """Return a whole page. title: a text; body: HTML; kind: a class of its main part."""
    style = Path(__file__).with_name("pages.css").read_text(encoding="utf-8")
    kind = f' class="{kind}"' if kind else ""
    return f"""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<title>{said(title)}</title>
<style>
{style}</style>
</head>
<body>
<main{kind}>
{body}
</main>
</body>
</html>
"""
