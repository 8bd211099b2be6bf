"""Formulas as they come out of MathJax: indices are smaller than what they stand at.

MathJax measures the letters around a formula; where they are small for a moment it sets indices
larger than their letters, and no error tells.
"""

LARGE_INDICES = """() => [...document.querySelectorAll('mjx-script, mjx-under, mjx-over')]
  .flatMap((script) => [...script.querySelectorAll('mjx-mi, mjx-mn, mjx-mtext')])
  .filter((part) => parseFloat(getComputedStyle(part).fontSize)
    > 0.9 * parseFloat(getComputedStyle(part.closest('mjx-container')).fontSize))
  .map((part) => part.closest('.math').textContent.slice(0, 60))"""


def test_indices_are_small(open_page):
    page = open_page("chapters/05_backprop_deltas.html")
    assert page.locator("mjx-msub").count() > 100
    assert page.evaluate(LARGE_INDICES) == []
    page.add_style_tag(content="mjx-script * { font-size: 110% !important }")
    assert len(page.evaluate(LARGE_INDICES)) > 10, "large ones would be seen"
