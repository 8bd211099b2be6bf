"""A Sphinx extension: an interactive figure on a page, with its static picture.

A notebook stores for each shown figure a widget view and a picture. myst-nb would keep the view
alone; here both go on the page, in one box `bp-host`. Its picture is seen where no script runs, in
print, and if the figure fails; `assets/figures.js` starts the figure.
"""

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

VIEW = "application/vnd.jupyter.widget-view+json"
PICTURES = ("image/svg+xml", "image/png")


def host(view, picture):
    """The box of one figure: picture and view, found by class."""
    box = nodes.container(classes=["bp-host"])
    if picture is not None:
        box += nodes.container("", *picture.children, classes=["bp-picture"])
    box += view.children
    return box


class KeepPictures(SphinxPostTransform):
    """Put view and picture of a figure into one box, before myst-nb selects a mime type."""

    default_priority = 3  # SelectMimeType has 4
    formats = ("html",)

    def run(self, **kwargs):
        for bundle in list(self.document.findall(nodes.container)):
            if bundle.get("nb_element") != "mime_bundle":
                continue
            kinds = {child["mime_type"]: child for child in bundle.children}
            if VIEW in kinds:
                picture = next((kinds[kind] for kind in PICTURES if kind in kinds), None)
                bundle.replace_self(host(kinds[VIEW], picture))


def setup(app):
    app.add_post_transform(KeepPictures)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
