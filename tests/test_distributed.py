"""Shards, rings, costs and checkpoints; and two runs of real processes over loopback."""

import os
import subprocess
import sys

import numpy as np
import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop import Dense, Network, check_network
from backprop import distributed as d

# --- shards ---------------------------------------------------------------------------------------


@given(workers=st.integers(1, 40), more=st.integers(0, 200))
def test_shards_cover_every_row_once_and_are_nearly_equal(workers, more):
    examples = workers + more
    shards = d.split_batch(examples, workers)
    assert len(shards) == workers
    assert np.concatenate([np.arange(examples)[s] for s in shards]).tolist() == list(
        range(examples)
    )
    sizes = [s.stop - s.start for s in shards]
    assert max(sizes) - min(sizes) <= 1
    assert sizes == sorted(sizes, reverse=True)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ((3, 4), "examples: expected at least 4, one for each worker, came 3"),
        ((3, 0), "workers: expected at least 1, came 0"),
        ((0, 1), "examples: expected at least 1, came 0"),
        ((2.0, 1), "examples: expected a whole number, came 2.0"),
    ],
)
def test_a_batch_that_cannot_be_split_is_a_clear_error(call, message):
    with pytest.raises((ValueError, TypeError)) as caught:
        d.split_batch(*call)
    assert str(caught.value) == message


def _net(rng, sizes, last="identity"):
    names = ["tanh"] * (len(sizes) - 2) + [last]
    pairs = zip(sizes, sizes[1:], names, strict=False)
    return Network([Dense.random(i, o, name, rng) for i, o, name in pairs])


@given(
    seed=st.integers(0, 10**6),
    shards=st.lists(st.integers(1, 7), min_size=1, max_size=6),
    sizes=st.lists(st.integers(1, 5), min_size=2, max_size=4),
)
def test_weighted_shards_are_the_whole_batch_whatever_their_sizes(seed, shards, sizes):
    rng = np.random.default_rng(seed)
    net, N = _net(rng, sizes), sum(shards)
    X, T = rng.normal(size=(N, sizes[0])), rng.normal(size=(N, sizes[-1]))
    cuts = np.cumsum(shards)[:-1]
    parts = [
        net.backward(net.forward(x), t)
        for x, t in zip(np.split(X, cuts), np.split(T, cuts), strict=True)
    ]
    added, whole = d.add_gradients(parts), net.backward(net.forward(X), T)
    for name in ("delta", "dW", "db"):
        for ours, theirs in zip(getattr(added, name), getattr(whole, name), strict=True):
            assert ours.shape == theirs.shape
            np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-13 * (1 + abs(theirs).max()))


def test_added_gradients_agree_with_differences_and_torch(rng, torch):
    net = _net(rng, [3, 4, 2])
    X, T = rng.normal(size=(7, 3)), rng.normal(size=(7, 2))
    parts = [net.backward(net.forward(X[s]), T[s]) for s in d.split_batch(7, 3)]
    check_network(net, X, T, d.add_gradients(parts)).assert_ok()


def test_a_sum_without_weights_is_convicted(rng, torch):
    net = _net(rng, [3, 4, 2])
    X, T = rng.normal(size=(8, 3)), rng.normal(size=(8, 2))
    parts = [net.backward(net.forward(X[s]), T[s]) for s in d.split_batch(8, 4)]
    added = d.add_gradients(parts)
    added.dW = [sum(p.dW[l] for p in parts) for l in (0, 1)]
    with pytest.raises(AssertionError, match=r"dW\[0\]"):
        check_network(net, X, T, added).assert_ok()


def test_parts_that_do_not_fit_are_a_clear_error(rng):
    with pytest.raises(ValueError, match=r"^parts: expected at least one Gradients, came none$"):
        d.add_gradients([])
    parts = []
    for sizes in ([3, 2], [3, 4]):
        net = _net(rng, sizes)
        X, T = np.ones((1, 3)), np.ones((1, sizes[-1]))
        parts.append(net.backward(net.forward(X), T))
    with pytest.raises(ValueError) as caught:
        d.add_gradients(parts)
    expected = "parts[1]: expected dW of shapes [(3, 2)], came [(3, 4)]"
    assert str(caught.value) == expected


# --- the ring and its cost ------------------------------------------------------------------------


@given(K=st.integers(2, 9), more=st.integers(0, 30), seed=st.integers(0, 10**6))
def test_a_ring_leaves_the_same_sum_on_every_machine(K, more, seed):
    vectors = np.random.default_rng(seed).normal(size=(K, K + more))
    history, sent = d.ring_all_reduce(vectors)
    assert len(history) == 2 * (K - 1) + 1
    assert (history[0] == vectors).all()
    np.testing.assert_allclose(history[-1][0], vectors.sum(axis=0), rtol=0, atol=1e-13)
    assert (history[-1] == history[-1][0]).all(), "bit for bit the same"
    assert sent.sum() == 2 * (K - 1) * (K + more), "each number travels 2(K − 1) times in all"
    assert sent.max() - sent.min() <= 2


@given(K=st.integers(2, 9), n=st.integers(1, 20))
def test_equal_chunks_cost_what_the_equation_says(K, n):
    _, sent = d.ring_all_reduce(np.ones((K, K * n)))
    assert sent.tolist() == [2 * (K - 1) * n] * K


def test_halfway_each_machine_holds_one_complete_chunk():
    history, _ = d.ring_all_reduce(np.ones((4, 4)))
    assert ((history[3] == 4).sum(axis=1) == 1).all()
    assert ((history[3] == 4).sum(axis=0) == 1).all()


@pytest.mark.parametrize("shape", [(1, 4), (4, 3), (4,)])
def test_vectors_that_are_no_ring_are_a_clear_error(shape):
    with pytest.raises(ValueError, match=r"^vectors: expected shape \(K, n\) with K >= 2 and"):
        d.ring_all_reduce(np.ones(shape))


def test_the_ring_leaves_its_input_alone():
    vectors = np.arange(6.0).reshape(2, 3)
    d.ring_all_reduce(vectors)
    assert (vectors == np.arange(6.0).reshape(2, 3)).all()


def test_times_are_the_equations():
    assert d.all_reduce_time(1000, 4, 0.5, 0.01) == pytest.approx(6 * (0.5 + 2.5))
    assert d.all_reduce_time(1000, 1, 0.5, 0.01) == 0
    assert d.all_reduce_time(np.array([0, 8]), 2, 1.0, 1.0).tolist() == [2, 10]
    assert d.step_time(4, 2.0, 1000, 0.5, 0.01) == pytest.approx(0.5 + 18)
    with pytest.raises(ValueError, match=r"^alpha: expected a finite number >= 0, came -1$"):
        d.all_reduce_time(1, 2, -1, 1)
    with pytest.raises(ValueError, match=r"^compute: expected a finite number > 0, came 0$"):
        d.step_time(2, 0, 1, 1, 1)


@given(K=st.integers(2, 16), alpha=st.floats(1e-6, 1e-2), beta=st.floats(1e-10, 1e-6))
def test_exact_times_give_back_their_alpha_and_beta(K, alpha, beta):
    n = [10, 1000, 10**5, 10**7]
    measured = {k: float(d.all_reduce_time(k, K, alpha, beta)) for k in n}
    assert d.fit_all_reduce(measured, K) == pytest.approx((alpha, beta), rel=1e-4)


def test_a_fit_needs_two_sizes_and_two_machines():
    with pytest.raises(ValueError, match=r"^measured: expected at least two sizes, came 1$"):
        d.fit_all_reduce({10: 0.1}, 2)
    with pytest.raises(ValueError, match=r"^workers: expected at least 2, came 1$"):
        d.fit_all_reduce({10: 0.1, 20: 0.2}, 1)


def test_a_fitted_price_is_never_negative():
    assert min(d.fit_all_reduce({10: 1.0, 1000: 0.5}, 2)) == 0.0


# --- rows, checkpoints ----------------------------------------------------------------------------


def test_rows_depend_on_seed_and_step_alone():
    rows = d.rows_of_step(7, 256, 64, seed=3)
    assert (rows == d.rows_of_step(7, 256, 64, seed=3)).all()
    assert len(set(rows.tolist())) == 64
    assert set(rows.tolist()) <= set(range(256))
    assert (rows != d.rows_of_step(8, 256, 64, seed=3)).any()
    assert (rows != d.rows_of_step(7, 256, 64, seed=4)).any()
    with pytest.raises(ValueError, match=r"^batch: expected at most 4, the examples, came 5$"):
        d.rows_of_step(1, 4, 5)


def test_the_problem_is_the_same_everywhere():
    (one, X, T), (two, X2, T2) = d.problem(5), d.problem(5)
    assert (X.shape, T.shape) == ((256, 4), (256, 2))
    assert (X == X2).all() and (T == T2).all()
    assert all((a.W == b.W).all() for a, b in zip(one.layers, two.layers, strict=True))


def test_the_torch_model_computes_what_the_network_does(torch):
    net, X, _ = d.problem(1)
    with torch.no_grad():
        out = d._torch_model(net)(torch.tensor(X)).numpy()
    np.testing.assert_allclose(out, net.forward(X).a[-1], rtol=0, atol=1e-14)


def test_a_checkpoint_comes_back(tmp_path, torch):
    path, run = tmp_path / "run.pt", {"seed": 0}
    assert d.load_checkpoint(path, run) is None
    d.save_checkpoint(path, {"step": 3, "run": run, "model": {"w": torch.ones(2)}})
    state = d.load_checkpoint(path, run)
    assert state["step"] == 3
    assert state["model"]["w"].tolist() == [1, 1]
    assert [p.name for p in tmp_path.iterdir()] == ["run.pt"]


def test_a_write_that_fails_leaves_the_old_checkpoint_whole(tmp_path, torch, monkeypatch):
    path, run = tmp_path / "run.pt", {"seed": 0}
    d.save_checkpoint(path, {"step": 3, "run": run})

    def power_cut(state, file):
        file.write(b"half of a file")
        raise OSError("no space left")

    monkeypatch.setattr(torch, "save", power_cut)
    with pytest.raises(OSError, match="no space left"):
        d.save_checkpoint(path, {"step": 6, "run": run})
    assert d.load_checkpoint(path, run)["step"] == 3
    assert [p.name for p in tmp_path.iterdir()] == ["run.pt"]


def test_a_torn_checkpoint_is_a_clear_error(tmp_path, torch):
    path = tmp_path / "run.pt"
    d.save_checkpoint(path, {"step": 3, "run": {}})
    whole = path.read_bytes()
    for torn in (whole[: len(whole) // 2], b"", b"something else entirely"):
        path.write_bytes(torn)
        with pytest.raises(d.CheckpointError, match=r"run\.pt: expected a whole checkpoint, came"):
            d.load_checkpoint(path, {})


def test_a_checkpoint_of_another_run_is_a_clear_error(tmp_path, torch):
    path = tmp_path / "run.pt"
    d.save_checkpoint(path, {"step": 3, "run": {"eta": 0.1}})
    with pytest.raises(d.CheckpointError) as caught:
        d.load_checkpoint(path, {"eta": 0.2})
    told = "expected a checkpoint of a run with {'eta': 0.2}, came {'eta': 0.1}"
    assert str(caught.value) == f"{path}: {told}"


# --- what a run says ------------------------------------------------------------------------------


def test_the_printed_lines_are_read():
    run = d.Run.read(
        2,
        "resumes after step 5\nstep 6 loss 0.25\nstep 7 loss 1e-05\ncheckpoint of step 7\n"
        "all-reduce 64 seconds 0.001\nall-reduce 128 seconds 2e-3\n",
    )
    assert run == d.Run(2, {6: 0.25, 7: 1e-5}, {64: 0.001, 128: 0.002}, resumed=5, saved=7)


REPORT = """Traceback ...
[rank0]: ValueError: this stood in the log
Failures:
[1]:
  rank      : 0 (local_rank: 0)
  exitcode  : -15 (pid: 1)
Root Cause (first observed failure):
[0]:
  rank      : 1 (local_rank: 1)
  exitcode  : {code} (pid: 2)
"""


@pytest.mark.parametrize(
    ("code", "run", "message"),
    [
        (
            -9,
            d.Run(2, {11: 0.5, 12: 0.4}, saved=10),
            "The worker of rank 1 was killed by signal 9 after step 12. "
            "The checkpoint of step 10 stands: the same run resumes there.",
        ),
        (
            17,
            d.Run(2, {1: 0.5}),
            "The worker of rank 1 ended with exit code 17 after step 1. "
            "No checkpoint was written: the same run begins at step 1.",
        ),
        (
            1,
            d.Run(2, resumed=5),
            "The worker of rank 1 ended with exit code 1 (ValueError: this stood in the log) after "
            "step 5. The checkpoint of step 5 stands: the same run resumes there.",
        ),
    ],
)
def test_a_failure_names_the_worker_the_end_and_the_checkpoint(code, run, message):
    failure = d._failure(run, 1, REPORT.format(code=code))
    assert str(failure) == message
    assert (failure.rank, failure.exitcode, failure.run) == (1, code, run)


def test_a_failure_without_a_report_shows_what_was_said():
    failure = d._failure(d.Run(2), 2, "torchrun: error: unrecognized arguments")
    assert str(failure) == "torchrun ended with 2: torchrun: error: unrecognized arguments"
    assert failure.rank is None


def test_without_torchrun_the_script_says_so(capsys, monkeypatch):
    monkeypatch.delenv("RANK", raising=False)
    with pytest.raises(SystemExit) as caught:
        d.main(["--steps", "1"])
    assert caught.value.code == 2
    assert "expected to be started by torchrun" in capsys.readouterr().err


def test_the_arithmetic_loads_no_torch():
    code = "import sys, backprop.distributed; assert not {'torch', 'matplotlib'} & set(sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


# --- real processes -------------------------------------------------------------------------------


def _by_hand(steps, batch, eta=0.05):
    """Losses of one machine: our Network, with momentum 0.9."""
    net, X, T = d.problem()
    velocity, losses = None, {}
    for step in range(1, steps + 1):
        rows = d.rows_of_step(step, len(X), batch)
        losses[step] = net.loss(X[rows], T[rows])
        grads = net.backward(net.forward(X[rows]), T[rows])
        if velocity is not None:
            grads.dW = [0.9 * v + g for v, g in zip(velocity.dW, grads.dW, strict=True)]
            grads.db = [0.9 * v + g for v, g in zip(velocity.db, grads.db, strict=True)]
        net.step(velocity := grads, eta)
    return losses


def test_two_workers_with_unequal_shards_go_one_machines_way():
    run = d.launch(2, steps=12, batch=33, measure=True)
    hand = _by_hand(12, 33)
    assert run.losses == pytest.approx(hand, rel=0, abs=1e-12)
    assert sorted(run.all_reduce) == [2**k for k in range(6, 21)]
    assert min(run.all_reduce.values()) > 0
    assert (run.resumed, run.saved) == (0, None)


def test_a_lost_worker_is_named_and_the_run_goes_on_from_its_checkpoint(tmp_path):
    path = tmp_path / "run.pt"
    with pytest.raises(d.RunFailed) as caught:
        d.launch(2, steps=9, checkpoint=path, every=3, die_at=6)
    lost = caught.value
    assert str(lost) == (
        "The worker of rank 1 ended with exit code 17 after step 5. "
        "The checkpoint of step 3 stands: the same run resumes there."
    )
    assert (lost.rank, lost.exitcode, sorted(lost.run.losses)) == (1, d.DEAD, [1, 2, 3, 4, 5])
    assert [p.name for p in tmp_path.iterdir()] == ["run.pt"]

    again = d.launch(2, steps=9, checkpoint=path, every=3)
    assert (again.resumed, again.saved, sorted(again.losses)) == (3, 9, [4, 5, 6, 7, 8, 9])
    assert [again.losses[s] for s in (4, 5)] == [lost.run.losses[s] for s in (4, 5)], "same bits"
    assert lost.run.losses | again.losses == pytest.approx(_by_hand(9, 64), rel=0, abs=1e-12)


def test_a_run_that_takes_too_long_is_ended_and_nothing_is_left():
    steps = 10**9 + os.getpid()  # no other run has these
    with pytest.raises(d.RunFailed, match=r"^The run was ended after 4 seconds\."):
        d.launch(1, steps=steps, timeout=4)
    left = [p.info["cmdline"] for p in psutil.process_iter(["cmdline"])]
    assert not [words for words in left if f"--steps={steps}" in (words or [])]
