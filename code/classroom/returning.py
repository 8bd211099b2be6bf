"""The students' pages as one zip, in which Canvas or Moodle finds out whose each page is.

Canvas reads the file's name: of the parts between its underscores the first two that are numbers
are the student's and that of the file that was handed in. So it has to be the name under which that
file came. Moodle reads the folder's name: the student's, the participant's number in this
assignment, and `assignsubmission_file`.
"""

import io
import re
import zipfile
from pathlib import PurePosixPath

from .collecting import Roster, read_collected
from .files import write_whole
from .owners import CANVAS, MOODLE

__all__ = ["PLATFORMS", "packed"]


def packed(course, assignment, pages, platform, roster=None):
    """Write the zip; return (its path, the students whose place in it is not known).

    pages: paths of STUDENT.html. platform: a key of `PLATFORMS`. The same pages give the same
    bytes.
    """
    find, _ = PLATFORMS[platform]
    rows = {row["student"]: row for row in (roster or Roster()).rows}
    came, data, unknown = read_collected(course, assignment), io.BytesIO(), []
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for page in pages:
            about = {"student": page.stem, **rows.get(page.stem, {})}
            place = find(PurePosixPath(came.get(page.stem, "")), about, assignment)
            if place is None:
                unknown.append(page.stem)
                continue
            entry = zipfile.ZipInfo(place)  # without a time: its default is a fixed date
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, page.read_bytes())
    target = course.exports / f"{assignment}.feedback.{platform}.zip"
    write_whole(target, data.getvalue())
    return target, unknown


def _canvas(came, about, assignment):
    return f"{came.stem}.html" if CANVAS.match(came.name) else None


def _moodle(came, about, assignment):
    """The number under which the file came is this assignment's; the roster's may be another's."""
    found = next(filter(None, map(MOODLE.match, came.parts)), None)
    id = found["id"] if found else about.get("moodle_id", "")
    name = found["name"] if found else about.get("name") or about["student"]
    if not id.isdecimal():
        return None
    name = " ".join(re.split(r"[_/\\:\s]+", name))
    return f"{name}_{id}_assignsubmission_file/{assignment}.html"


#: Name -> (where in the zip a page goes, what is said of those of whom that is not known). The
#: first is a function of (path under which the student's file came, the student's row of the
#: roster, assignment), and gives a path or None.
PLATFORMS = {
    "canvas": (_canvas, "not collected from Canvas"),
    "moodle": (_moodle, "not collected from Moodle, and without moodle_id in the roster"),
}
