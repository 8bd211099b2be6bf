r"""One batch on many machines: shards, added gradients, and a run that outlives a lost worker.

The upper half is arithmetic and needs NumPy alone. The lower half trains a small network with
PyTorch's DistributedDataParallel, as a script that torchrun starts once for every worker:

    torchrun --standalone --nproc-per-node 4 -m backprop.distributed --steps 20

`launch` does the same from Python and returns the losses. Derived in chapter 15.
"""

import argparse
import contextlib
import itertools
import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import numpy as np

from ._validate import positive, real_array, whole
from .data import _whole_or_not_at_all
from .network import Dense, Gradients, Network

__all__ = [
    "CheckpointError",
    "Run",
    "RunFailed",
    "add_gradients",
    "all_reduce_time",
    "fit_all_reduce",
    "launch",
    "load_checkpoint",
    "problem",
    "ring_all_reduce",
    "rows_of_step",
    "save_checkpoint",
    "split_batch",
    "step_time",
]

# --- arithmetic -----------------------------------------------------------------------------------


def split_batch(examples, workers):
    """Return `workers` slices that cover the rows 0 … examples − 1 in order, none of them empty.

    Their lengths differ by at most 1, the longer ones come first. ValueError where there are fewer
    examples than workers.
    """
    workers = whole("workers", workers, 1)
    examples = whole("examples", examples, 1)
    if examples < workers:
        raise ValueError(
            f"examples: expected at least {workers}, one for each worker, came {examples}"
        )
    least, more = divmod(examples, workers)
    ends = np.cumsum([0] + [least + (s < more) for s in range(workers)]).tolist()
    return [slice(low, high) for low, high in itertools.pairwise(ends)]


def add_gradients(parts):
    """Return the `Gradients` of a batch from those of its shards: Σ (N_s/N) · part s.

    :eq:`sharded-gradient`. parts: what `Network.backward` returned for each shard, in the order of
    the rows; N_s is the number of rows of a part's delta. delta, too, is the whole batch's: its
    rows one below the other. ValueError where there is no part, or parts of different networks.
    """
    parts = list(parts)
    if not parts:
        raise ValueError("parts: expected at least one Gradients, came none")
    shapes = [[dW.shape for dW in part.dW] for part in parts]
    for s, came in enumerate(shapes):
        if came != shapes[0]:
            raise ValueError(f"parts[{s}]: expected dW of shapes {shapes[0]}, came {came}")
    sizes = np.array([len(part.delta[0]) for part in parts])
    weights = sizes / sizes.sum()

    def added(name, l):
        return sum(w * getattr(p, name)[l] for w, p in zip(weights, parts, strict=True))

    layers = range(len(shapes[0]))
    delta = [
        np.concatenate([w * p.delta[l] for w, p in zip(weights, parts, strict=True)])
        for l in layers
    ]
    return Gradients(delta, [added("dW", l) for l in layers], [added("db", l) for l in layers])


def ring_all_reduce(vectors):
    """Add K vectors as K machines in a ring would; return (history, sent).

    vectors: (K, n), K >= 2, n >= K: row i is what machine i holds. history: 2(K − 1) + 1 arrays
    (K, n), what the machines hold before the first step and after each; every row of the last one
    is the sum. sent: (K,), how many numbers each machine has sent (:eq:`ring-cost`).
    """
    vectors = real_array("vectors", vectors)
    if vectors.ndim != 2 or not 2 <= len(vectors) <= vectors.shape[1]:
        raise ValueError(
            "vectors: expected shape (K, n) with K >= 2 and n >= K, a row for each machine and at "
            f"least one number a chunk, came shape {vectors.shape}"
        )
    K = len(vectors)
    chunks = [np.array_split(row, K) for row in vectors]
    history, sent = [vectors.copy()], np.zeros(K, dtype=int)
    for step in range(2 * (K - 1)):
        letters = [chunks[i][(i - step) % K] for i in range(K)]  # all leave at the same time
        for i, letter in enumerate(letters):
            to, which = (i + 1) % K, (i - step) % K
            adding = step < K - 1  # the first half adds, the second hands on what is finished
            chunks[to][which] = chunks[to][which] + letter if adding else letter
            sent[i] += letter.size
        history.append(np.array([np.concatenate(machine) for machine in chunks]))
    return history, sent


def all_reduce_time(n, workers, alpha, beta):
    """Return the seconds to add n numbers over a ring: 2(K − 1)(alpha + (n/K) beta).

    :eq:`ring-time`. n: one number or an array; workers: K >= 1; alpha: seconds until a letter's
    first number arrives; beta: seconds for each number.
    """
    K = whole("workers", workers, 1)
    alpha, beta = positive("alpha", alpha, zero=True), positive("beta", beta, zero=True)
    return 2 * (K - 1) * (alpha + real_array("n", n) / K * beta)


def step_time(workers, compute, n, alpha, beta):
    """Return the seconds of one step: compute/K and the all-reduce of n numbers (:eq:`step-time`).

    compute: the seconds that one machine takes for the gradient of the whole batch.
    """
    compute = positive("compute", compute)
    return compute / whole("workers", workers, 1) + all_reduce_time(n, workers, alpha, beta)


def fit_all_reduce(measured, workers):
    """Return the (alpha, beta) of :eq:`ring-time` that come nearest to measured times.

    measured: n -> seconds, at least two sizes; nearest means least squares of the relative errors,
    since times run over several powers of ten. Neither is below 0.
    """
    K = whole("workers", workers, 2)
    if len(measured) < 2:
        raise ValueError(f"measured: expected at least two sizes, came {len(measured)}")
    n, seconds = (real_array("measured", list(v)) for v in (measured, measured.values()))
    columns = 2 * (K - 1) * np.stack([np.ones_like(n), n / K], axis=1) / seconds[:, None]
    scale = columns.max(axis=0)  # β is tiny beside α
    found = np.linalg.lstsq(columns / scale, np.ones_like(n), rcond=None)[0] / scale
    return tuple(np.maximum(found, 0.0).tolist())


# --- what is trained ------------------------------------------------------------------------------


def problem(seed=0):
    """Return (net, X, T): a 4-16-2 network and 256 examples, the same on every machine.

    X (256, 4) is normal, T (256, 2) a sine of a random mix of it; the loss is `half_squared_error`.
    """
    rng = np.random.default_rng(whole("seed", seed, 0))
    X = rng.normal(size=(256, 4))
    T = np.sin(X @ rng.normal(size=(4, 2)))
    layers = [Dense.random(4, 16, "tanh", rng), Dense.random(16, 2, "identity", rng)]
    return Network(layers), X, T


def rows_of_step(step, examples, batch, seed=0):
    """Return the rows (batch,) of the batch of that step, counted from 1.

    They depend on nothing but the arguments. So every worker draws the same ones without asking
    another, and a run that resumes at a step goes on with the rows it would have had.
    """
    step, batch = whole("step", step, 1), whole("batch", batch, 1)
    if batch > whole("examples", examples, 1):
        raise ValueError(f"batch: expected at most {examples}, the examples, came {batch}")
    return np.random.default_rng([seed, step]).choice(examples, batch, replace=False)


# --- a checkpoint ---------------------------------------------------------------------------------


class CheckpointError(ValueError):
    """A file that is no whole checkpoint, or one of another run; the message says which."""


def save_checkpoint(path, state):
    """Write `state` (tensors, numbers, strings, dicts, lists) to path, whole or not at all.

    It is written beside path and moved there when it is complete: a worker that is killed on the
    way leaves the checkpoint that stood there before.
    """
    import torch

    with _whole_or_not_at_all(Path(path)) as file:
        torch.save(state, file)
        file.flush()
        os.fsync(file.fileno())


def load_checkpoint(path, run):
    """Return the state stored at path, or None where there is none.

    run: the settings (a dict) that the state's "run" must equal: resumed with another batch or
    learning rate, the losses would be those of no run at all. Raises `CheckpointError`.
    """
    import torch

    path = Path(path)
    if not path.exists():
        return None
    try:
        state = torch.load(path, weights_only=True)
        came = state["run"]
    except (
        Exception
    ) as error:  # torch's reader of pickles meets rubbish with whatever it trips over
        reason = f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
        raise CheckpointError(f"{path}: expected a whole checkpoint, came {reason}") from None
    if came != run:
        raise CheckpointError(f"{path}: expected a checkpoint of a run with {run}, came {came}")
    return state


# --- the script that every worker runs ------------------------------------------------------------


def _torch_model(net):
    """Return a module that computes what `net` does, from the same float64 weights."""
    import torch

    modules = []
    for layer in net.layers:
        linear = torch.nn.Linear(layer.n_in, layer.n_out, dtype=torch.float64)
        with torch.no_grad():
            linear.weight.copy_(torch.tensor(layer.W.T))  # torch keeps (n_out, n_in)
            linear.bias.copy_(torch.tensor(layer.b))
        modules += [linear, torch.nn.Tanh()]
    return torch.nn.Sequential(*modules[:-1])


# The width of this function is that of a phone: chapter 15 prints its source.
def train_step(model, optimizer, X, T, rows):
    """One step of one worker; the loss of the whole batch."""
    import torch.distributed as dist

    N, K = len(rows), dist.get_world_size()
    mine = rows[split_batch(N, K)[dist.get_rank()]]
    total = 0.5 * ((model(X[mine]) - T[mine]) ** 2).sum()
    optimizer.zero_grad()
    # DDP adds the K gradients and divides by K. Each
    # is to count N_s/N: K/N times the sum over the shard.
    (K / N * total).backward()
    optimizer.step()
    loss = total.detach() / N
    dist.all_reduce(loss)
    return loss.item()


def _train(options, progress):
    """Train on this worker from the last checkpoint on; progress[0] is the step at work."""
    import torch
    import torch.distributed as dist
    from torch.nn.parallel import DistributedDataParallel

    rank = dist.get_rank()
    net, X, T = problem(options.seed)
    run = {"seed": options.seed, "batch": options.batch, "eta": options.eta}
    model = DistributedDataParallel(_torch_model(net))
    optimizer = torch.optim.SGD(model.parameters(), lr=options.eta, momentum=0.9)
    # Rank 0 alone reads the file and sends it round: hosts need not share a folder.
    box = [load_checkpoint(options.checkpoint, run) if options.checkpoint and not rank else None]
    dist.broadcast_object_list(box, src=0)
    done = 0
    if (state := box[0]) is not None:
        done = state["step"]
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        _say(rank, f"resumes after step {done}")
    X, T = torch.tensor(X), torch.tensor(T)
    for step in range(done + 1, options.steps + 1):
        progress[0] = step
        if step == options.die_at and rank == options.die_rank:
            os._exit(DEAD)  # as a power cut would: nothing is closed, nobody is told
        rows = torch.tensor(rows_of_step(step, len(X), options.batch, options.seed))
        loss = train_step(model, optimizer, X, T, rows)
        _say(rank, f"step {step} loss {loss!r}")
        if options.checkpoint and rank == 0 and step % options.every == 0:
            state = {"step": step, "run": run, "model": model.state_dict()}
            save_checkpoint(options.checkpoint, state | {"optimizer": optimizer.state_dict()})
            _say(rank, f"checkpoint of step {step}")


def _measure(rank):
    """Time all-reduces of 2^6 … 2^20 numbers: the fastest of some counts."""
    import torch
    import torch.distributed as dist

    for n in 2 ** np.arange(6, 21):
        vector, times = torch.ones(int(n), dtype=torch.float64), []
        for _ in range(20 if n < 100_000 else 8):
            dist.barrier()
            start = time.perf_counter()
            dist.all_reduce(vector)
            times.append(time.perf_counter() - start)
        _say(rank, f"all-reduce {n} seconds {min(times)!r}")


#: The exit status of a worker that was told to die.
DEAD = 17
#: How long the others wait for torchrun to end them: it then names the one that died, not them.
GRACE = 10


def _say(rank, line):
    if rank == 0:
        print(line, flush=True)


def _options(argv):
    parser = argparse.ArgumentParser("torchrun … -m backprop.distributed", description=__doc__)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--batch", type=int, default=64, help="examples of a step, all workers'")
    parser.add_argument("--eta", type=float, default=0.05, help="the learning rate")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--checkpoint", type=Path, help="a file to write, and to resume from")
    parser.add_argument("--every", type=int, default=5, help="steps between checkpoints")
    parser.add_argument("--measure", action="store_true", help="time all-reduces at the end")
    parser.add_argument("--die-at", type=int, help="the step at which one worker is lost")
    parser.add_argument("--die-rank", type=int, default=1, help="which")
    options = parser.parse_args(argv)
    if "RANK" not in os.environ:
        parser.error("expected to be started by torchrun, came without RANK in the environment")
    return options


def main(argv=None):
    """Train on this worker, one of those that torchrun started; rank 0 prints the losses."""
    options = _options(argv)
    import torch
    import torch.distributed as dist

    torch.set_num_threads(1)  # the workers of one machine share its cores
    dist.init_process_group("gloo", timeout=timedelta(seconds=60))
    rank, progress = dist.get_rank(), [0]
    try:
        _train(options, progress)
        if options.measure:
            _measure(rank)
    except RuntimeError as error:
        print(
            f"rank {rank}: step {progress[0]} was not finished: {error}\n"
            "Start the same command again: it resumes from the last checkpoint, if there is one.",
            file=sys.stderr,
            flush=True,
        )
        time.sleep(GRACE)
        raise
    dist.destroy_process_group()


# --- the same, started from Python ----------------------------------------------------------------


@dataclass
class Run:
    """What rank 0 of a run said. losses: step -> loss; all_reduce: numbers -> seconds.

    resumed: the step of the checkpoint it went on from (0: from none); saved: that of its last own
    checkpoint, or None.
    """

    workers: int
    losses: dict = field(default_factory=dict)
    all_reduce: dict = field(default_factory=dict)
    resumed: int = 0
    saved: int | None = None

    @classmethod
    def read(cls, workers, output):
        """Return the `Run` that the printed lines tell of."""
        run = cls(workers)
        for step, loss in re.findall(r"^step (\d+) loss (\S+)$", output, re.MULTILINE):
            run.losses[int(step)] = float(loss)
        for n, seconds in re.findall(r"^all-reduce (\d+) seconds (\S+)$", output, re.MULTILINE):
            run.all_reduce[int(n)] = float(seconds)
        for step in re.findall(r"^resumes after step (\d+)$", output, re.MULTILINE):
            run.resumed = int(step)
        for step in re.findall(r"^checkpoint of step (\d+)$", output, re.MULTILINE):
            run.saved = int(step)
        return run


class RunFailed(RuntimeError):
    """A run that did not reach its end. run: what it did; rank, exitcode: who ended it, or None."""

    def __init__(self, run, rank, exitcode, reason):
        self.run, self.rank, self.exitcode = run, rank, exitcode
        if stands := run.saved or run.resumed:
            reason += f" The checkpoint of step {stands} stands: the same run resumes there."
        elif run.losses:
            reason += " No checkpoint was written: the same run begins at step 1."
        super().__init__(reason)


def launch(workers, *, timeout=120, **options):
    """Run this script on `workers` processes of this machine by torchrun; return the `Run`.

    options: those of the script, such as steps=20, checkpoint=path, measure=True. Traffic stays on
    the loopback interface, at a free port; each process has one thread. After `timeout` seconds
    everything is ended.

    Raises `RunFailed`, which names the worker that ended first, how, and the checkpoint there is.
    """
    workers = whole("workers", workers, 1)
    flags = [
        f"--{name.replace('_', '-')}" + ("" if value is True else f"={value}")
        for name, value in options.items()
        if value is not None and value is not False
    ]
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    here = ["--local-addr=127.0.0.1", f"--nproc-per-node={workers}"]
    command = [*torchrun, *here, "-m", "backprop.distributed", *flags]
    loopback = {"linux": "lo", "darwin": "lo0"}.get(sys.platform)
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    if loopback:
        environment["GLOO_SOCKET_IFNAME"] = loopback
    status, output, errors = _run(command, environment, timeout)
    run = Run.read(workers, output)
    if status is None:
        raise RunFailed(run, None, None, f"The run was ended after {timeout} seconds.")
    if status:
        raise _failure(run, status, errors)
    return run


def _run(command, environment, timeout):
    """Return (status, stdout, stderr); status None where time ran out. No process is left."""
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        output, errors = process.communicate(timeout=timeout)
        return process.returncode, output, errors
    except subprocess.TimeoutExpired:
        output, errors = _end(process)
        return None, output, errors
    finally:
        if process.poll() is None:  # Ctrl-C here
            _end(process)


def _end(process):
    process.terminate()  # torchrun then ends its workers, and kills those that do not heed it
    with contextlib.suppress(subprocess.TimeoutExpired):
        return process.communicate(timeout=45)
    process.kill()
    return process.communicate()


def _failure(run, status, errors):
    """Return the `RunFailed` for torchrun's report, whose last entry is the first failure seen."""
    report = errors.rpartition("Root Cause")[2]
    rank = re.search(r"^\s*rank\s*: (\d+)", report, re.MULTILINE)
    code = re.search(r"^\s*exitcode\s*: (-?\d+)", report, re.MULTILINE)
    if not (rank and code):
        return RunFailed(run, None, None, f"torchrun ended with {status}: {errors[-2000:]}")
    rank, code = int(rank[1]), int(code[1])
    reason = f"The worker of rank {rank} ended with exit code {code}"
    if code < 0:
        reason = f"The worker of rank {rank} was killed by signal {-code}"
    if code == 1 and (told := re.findall(r"^(?:\[rank\d+\]: )?(\w*Error: .+)$", errors, re.M)):
        reason += f" ({told[0]})"
    after = max(run.losses, default=run.resumed)
    return RunFailed(run, rank, code, f"{reason} after step {after}.")


if __name__ == "__main__":
    main()
