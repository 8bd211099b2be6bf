"""Every page on a phone, dark and light: errors, mathematics, width, accessibility."""

import pytest

import browsing


@pytest.mark.parametrize("path", browsing.pages())
def test_page(path, open_page, complain):
    page = open_page(path, width=390, theme="dark", touch=True, reduced_motion="reduce")
    said = browsing.sideways(page)
    browsing.unfold(page)
    said += [*browsing.math_errors(page), *browsing.sideways(page), *browsing.axe(page)]
    browsing.show(page, "light")
    said += [f"light: {found}" for found in browsing.axe_colours(page)]
    page.set_viewport_size({"width": 320, "height": 640})  # WCAG's width for reflow
    complain([*said, *browsing.sideways(page)])


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    ("opener", "dialog"),
    [("primary-toggle", "pst-primary-sidebar-modal"), ("search-button", "pst-search-dialog")],
)
def test_what_the_buttons_open(opener, dialog, theme, open_page, complain):
    page = open_page("chapters/01_perceptron.html", width=390, theme=theme, reduced_motion="reduce")
    button = page.locator(f"button.{opener}:visible").first
    button.focus()
    page.keyboard.press("Enter")
    page.locator(f"dialog#{dialog}[open]").wait_for()
    complain([*browsing.axe(browsing.settle(page)), *browsing.sideways(page)])
    page.keyboard.press("Escape")
    page.locator(f"dialog#{dialog}:not([open])").wait_for(state="attached")
    assert button.evaluate("button => button === document.activeElement")
