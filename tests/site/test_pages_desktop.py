"""Every page on a desk, light and dark: errors, mathematics, width, accessibility."""

import pytest

import browsing


@pytest.mark.parametrize("path", browsing.pages())
def test_page(path, open_page, complain):
    page = browsing.unfold(open_page(path, width=1280, theme="light", reduced_motion="reduce"))
    said = [*browsing.math_errors(page), *browsing.sideways(page), *browsing.axe(page)]
    browsing.show(page, "dark")
    complain([*said, *(f"dark: {found}" for found in browsing.axe_colours(page))])
