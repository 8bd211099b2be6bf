"""Execute chapters again, in place: side by side, the whole file or not at all."""

import asyncio
import json
import re
import sys
from pathlib import Path

from classroom.files import write_whole

KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


STATE = "application/vnd.jupyter.widget-state+json"
VIEW = "application/vnd.jupyter.widget-view+json"


def normalise(notebook):
    """Keep what the chapter says, drop what differs from machine to machine and day to day.

    Timing and folding left behind by an editor go, and so do the exact Python version and the
    random names of widgets: a chapter executed twice is the same file, and a diff shows what
    changed for the reader.
    """
    widgets = named_by_order(notebook)
    notebook.metadata.clear()
    notebook.metadata.update(kernelspec=KERNELSPEC, language_info={"name": "python"})
    if widgets:
        notebook.metadata["widgets"] = widgets
    for cell in notebook.cells:
        for noise in ("execution", "collapsed", "scrolled", "trusted", "ExecuteTime", "editable"):
            cell.metadata.pop(noise, None)
        if cell.cell_type == "code" and not cell.source.strip():  # never executed
            cell.update(execution_count=None, outputs=[])
    return notebook


def named_by_order(notebook):
    """Name the notebook's widgets after their place in it; the stored state, None without any.

    Only what a shown widget needs is kept: the widget, and the widgets that its state refers to.
    """
    widgets = notebook.metadata.get("widgets")
    if not widgets:
        return None
    state = widgets[STATE]["state"]
    shown = [
        output.data[VIEW]["model_id"]
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if VIEW in output.get("data", {})
    ]
    kept = list(dict.fromkeys(shown))
    for model in kept:  # grows while it is read: a model's own models follow it
        found = re.findall(r"IPY_MODEL_(\w+)", json.dumps(state[model]))
        kept += [name for name in dict.fromkeys(found) if name not in kept]
    names = {model: f"{n:032x}" for n, model in enumerate(kept, 1)}
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if VIEW in output.get("data", {}):
                view = output.data[VIEW]
                view["model_id"] = names[view["model_id"]]
    text = json.dumps({names[model]: state[model] for model in kept})
    text = re.sub(r"IPY_MODEL_(\w+)", lambda found: f"IPY_MODEL_{names[found[1]]}", text)
    return {STATE: {**widgets[STATE], "state": json.loads(text)}}


def failure(path, notebook, error):
    """What went wrong, with the chapter, the cell (its place and its id) and the traceback."""
    failed = next(
        (
            (n, cell)
            for n, cell in enumerate(notebook.cells)
            for output in cell.get("outputs", [])
            if output.output_type == "error"
        ),
        None,
    )
    where = f", cell {failed[0]} (id {failed[1].id})" if failed else ""
    said = re.sub(r"\x1b\[[\d;]*m", "", str(error))  # the traceback without its colours
    return f"{path}{where}: {said}"


async def execute(path, timeout, tick):
    """Run one chapter in a fresh kernel and write it back; None, or what went wrong."""
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=timeout,
        kernel_name="python3",
        record_timing=False,
        coalesce_streams=True,
        force_raise_errors=True,  # no tag excuses an error
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(path.parent)}},
        on_cell_executed=lambda **_: tick(),
    )
    try:
        await client.async_execute()
    except Exception as error:  # a dead kernel, a timeout, an exception in a cell: all reported
        return failure(path, notebook, error)
    write_whole(path, nbformat.writes(normalise(notebook)) + "\n")
    return None


def count_cells(path):
    """The code cells that will be executed, for the progress bar."""
    import nbformat

    cells = nbformat.read(path, as_version=4).cells
    return sum(cell.cell_type == "code" and bool(cell.source.strip()) for cell in cells)


async def run_all(paths, jobs, timeout, tick):
    """At most ``jobs`` kernels at a time; what went wrong, chapter by chapter."""
    free = asyncio.Semaphore(jobs)

    async def one(path):
        async with free:
            return await execute(path, timeout, tick)

    return [said for said in await asyncio.gather(*map(one, paths)) if said]


def run_chapters(paths, jobs, timeout):
    """Execute the chapters in place, with a progress bar; 0, or 1 if a chapter failed.

    A chapter that fails keeps its file as it was; the others are finished all the same.
    """
    from tqdm import tqdm

    paths = [Path(path).resolve() for path in paths]
    for path in paths:
        if path.suffix != ".ipynb" or not path.is_file():
            raise SystemExit(f"chapters must be notebooks that exist, got {path}")
    with tqdm(total=sum(map(count_cells, paths)), unit="cell", disable=None) as bar:
        failures = asyncio.run(run_all(paths, max(1, jobs), timeout, bar.update))
    for said in failures:
        print(f"\n{said}", file=sys.stderr)
    print(f"{len(paths) - len(failures)} of {len(paths)} chapters executed")
    return 1 if failures else 0
