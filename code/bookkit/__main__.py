"""The command line: ``python -m bookkit COMMAND``, from anywhere inside the book."""

import argparse
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def parser():
    """The arguments of each command, with defaults that fit the book this package stands in."""
    top = argparse.ArgumentParser(prog="python -m bookkit", description="The book's own machinery.")
    commands = top.add_subparsers(dest="command", required=True)
    commands.add_parser("api", help="write api.md from the package's docstrings")
    commands.add_parser("assets", help="fetch the browser assets into assets/vendor")
    commands.add_parser("share", help="draw the pictures that shared links and bookmarks show")
    commands.add_parser("pictures", help="take the README's pictures of the figures, in a browser")
    site = commands.add_parser("site", help="build the site; every warning is an error")
    site.add_argument("--out", type=Path, default=ROOT, help="the folder that gets _build/html")
    live = commands.add_parser("live", help="serve the book with Python behind its cells")
    live.add_argument("--out", type=Path, default=ROOT, help="the folder that has _build/html")
    live.add_argument("--ip", default="127.0.0.1", help="of this machine; no other is taken")
    live.add_argument("--port", type=int, default=0, help="default: any free one")
    live.add_argument("--no-browser", action="store_true", help="print the address, open nothing")
    run = commands.add_parser("run", help="execute chapters again, in place, side by side")
    run.add_argument("chapters", nargs="*", type=Path, help="default: every chapter")
    run.add_argument("--jobs", type=int, default=os.cpu_count(), help="default: one a core")
    run.add_argument("--timeout", type=int, default=600, help="seconds a cell may take")
    return top


def main(argv=None):
    """Run one command; the exit status."""
    args = parser().parse_args(argv)
    if args.command == "api":
        from bookkit.api import page
        from classroom.files import write_whole

        write_whole(ROOT / "api.md", page())
    elif args.command == "assets":
        from bookkit.assets import fetch_assets

        print(fetch_assets(ROOT))
    elif args.command == "share":
        from bookkit.share import draw_pictures

        for path in draw_pictures(ROOT):
            print(path)
    elif args.command == "pictures":
        from bookkit.pictures import take
        from bookkit.site import build_site

        for path in take(ROOT, build_site(ROOT)):
            print(path)
    elif args.command == "live":
        from bookkit.live import LiveError, serve
        from bookkit.site import SiteError

        try:
            serve(ROOT, args.out, ip=args.ip, port=args.port, browser=not args.no_browser)
        except (LiveError, SiteError) as error:
            sys.exit(str(error))
    elif args.command == "site":
        from bookkit.site import SiteError, build_site

        print("Building the site from the stored outputs ...", flush=True)
        try:
            print(f"The book: {build_site(ROOT, args.out).as_uri()}")
        except SiteError as error:
            sys.exit(str(error))
    else:
        from bookkit.run import run_chapters

        chapters = args.chapters or sorted((ROOT / "chapters").glob("*.ipynb"))
        return run_chapters(chapters, jobs=args.jobs, timeout=args.timeout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
