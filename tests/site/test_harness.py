"""The harness itself: a good page passes, and each thing that no page may do is seen."""

import browsing


def test_a_page_of_the_book_opens(open_page):
    page = open_page("chapters/05_backprop_deltas.html")
    assert page.locator("article h1").inner_text().startswith("5 ")
    assert page.locator("mjx-container").count() > 50
    assert browsing.complaints(page) == []
