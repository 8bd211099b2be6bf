"""A recorded run in a browser: played, stepped, and by keyboard; calm where the reader asks."""

import pytest

PAGE = "chapters/12_fitting_functions.html#fig-recorded"


@pytest.fixture
def open_recording(open_page):
    def open_recording(**options):
        page = open_page(PAGE, **options)
        page.locator("#figure-recording .bp-figure").wait_for()
        return page

    return open_recording


def at(page, frame, label):
    sentence = page.locator("#figure-recording .bp-sentence")
    sentence.filter(has_text=f"{label}").filter(has_text=f"frame {frame} of 23").wait_for()


def test_it_is_stepped_and_played(open_recording):
    page = open_recording()
    image = page.locator("#figure-recording img.bp-recorded")
    at(page, 23, "Before step 4,000")
    last = image.get_attribute("src")
    page.get_by_role("button", name="Back to the start").click()
    at(page, 1, "Before step 1, mean error 1.76")
    first = image.get_attribute("src")
    assert first != last and first.startswith("data:image/webp;base64,")
    assert image.get_attribute("alt").endswith("Here: Before step 1, mean error 1.76.")
    page.get_by_role("button", name="Step", exact=True).click()
    at(page, 2, "Before step 2")
    page.get_by_role("slider", name="frame of the recording").focus()
    page.keyboard.press("ArrowRight")
    at(page, 3, "Before step 3")
    page.keyboard.press("End")
    at(page, 23, "Before step 4,000")
    page.get_by_role("button", name="Play").click()  # at the end it starts anew
    page.get_by_role("button", name="Pause").wait_for()
    at(page, 23, "Before step 4,000")
    page.get_by_role("button", name="Play").wait_for()
    assert image.get_attribute("src") == last
    assert image.evaluate("image => image.naturalWidth") == 600


def test_calm_readers_get_the_end_at_once(open_recording):
    page = open_recording(reduced_motion="reduce", width=390, touch=True)
    page.get_by_role("button", name="Back to the start").tap()
    at(page, 1, "Before step 1")
    page.get_by_role("button", name="Play").tap()
    at(page, 23, "Before step 4,000")
    assert page.get_by_role("button", name="Pause").count() == 0
