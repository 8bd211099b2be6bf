"""What a page costs the reader: bytes on the wire, and text that jumps while it is read."""

from collections import Counter

import pytest

import browsing

FIRST, FURTHER = 1_500_000, 300_000  # bytes, compressed


def heaviest(sent, limit):
    """A sentence, if the answers are more than ``limit`` bytes: how many, and which weigh most."""
    total = sum(size for _, _, size in sent)
    if total <= limit:
        return []
    weights = Counter()
    for path, _, size in sent:
        weights[path] += size
    parts = ", ".join(f"{path} {size}" for path, size in weights.most_common(8))
    return [f"{total} bytes, {limit} are allowed: {parts}"]


def read_through(page):
    """Let the pictures further down arrive, too."""
    page.evaluate("""async () => {
        for (const picture of document.images) picture.loading = "eager";
        await Promise.all([...document.images].map((picture) => picture.decode()));
    }""")


@pytest.mark.parametrize("path", ["intro.html", *browsing.chapters()])
def test_first_visit(path, open_page, server, complain):
    before = len(server.sent)
    read_through(open_page(path))
    complain(heaviest(server.sent[before:], FIRST))


def test_further_pages(open_page, server, complain):
    """With what the first page left in the browser; pictures come as the reader comes near them."""
    page, said = open_page("intro.html"), []
    for path in browsing.chapters():
        before = len(server.sent)
        open_page(path, beside=page).close()
        said += [f"{path}: {text}" for text in heaviest(server.sent[before:], FURTHER)]
    complain(said)


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("path", ["intro.html", "notation.html", *browsing.chapters()])
def test_nothing_jumps(path, width, open_page):
    page = open_page(path, width=width, late=browsing.LATE)
    shift, moved = browsing.jump(page)
    assert shift < 0.1, f"{shift:.3f}: {'; '.join(moved)}"


@pytest.mark.parametrize("width", [1280, 390])
def test_a_link_into_a_page_ends_where_it_leads(width, open_page):
    """Mathematics above the target that arrives late does not push it out of sight."""
    address = "chapters/05_backprop_deltas.html#equation-delta-output"
    page = open_page(address, width=width, late=browsing.LATE)
    top = page.locator(":target").evaluate("target => target.getBoundingClientRect().top")
    assert 0 <= top < 450
