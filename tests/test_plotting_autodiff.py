"""The figures of chapter 06, by the data they show."""

import itertools

import matplotlib.pyplot as plt

import drawn  # noqa: F401  (a backend without a screen)
from backprop.autodiff import Value, order
from backprop.plotting import autodiff as figures


def fraction():
    x, y = Value(0.5), Value(2.0)
    f = (x * y + x.exp()) / (x**2 + y)
    f.backward()
    return x, y, f


def patience():
    x = Value(3.0)
    c = x**2
    e = c * (c + x)
    e.backward()
    return x, c, e


def texts():
    return [t.get_text() for t in plt.gca().texts]


def circles():
    return [patch.center for patch in plt.gca().patches if isinstance(patch, plt.Circle)]


def test_the_graph_shows_data_grads_slopes_and_names():
    x, y, f = fraction()
    figures.graph(f, x=x, y=y)
    shown = texts()
    assert {"$x$", "$y$", r"$\div$", r"$\times$", "exp", "$u^{2}$"} <= set(shown)
    assert {"0.5", "2", "1.649", "2.25", "1.177"} <= set(shown)  # data
    assert {"1.098", "−0.301", "−0.5232", "0.4444"} <= set(shown)  # grads
    assert {"× 1.649", "× −0.5232", "× 0.5"} <= set(shown)  # slopes
    assert shown.count("$+$") == 2
    assert len(circles()) == len(order(f)) == 8


def test_the_graph_has_an_arrow_for_each_pair_of_nodes():
    x, _, e = patience()
    figures.graph(e, x=x)
    arrows = [t for t in plt.gca().texts if t.get_text() == "" and hasattr(t, "arrow_patch")]
    assert len(arrows) == 5
    x = Value(3.0)
    z = x * x + x
    z.backward()
    plt.close("all")
    figures.graph(z, x=x)
    assert "× 6" in texts()  # two edges from the product to x, drawn as one
    assert "7" in texts()


def test_a_leaf_without_a_name_shows_its_number():
    x = Value(3.0)
    z = x * 0.25
    z.backward()
    figures.graph(z, x=x)
    assert "0.25" in texts()


def test_operands_stand_left_of_their_users():
    x, c, e = patience()
    nodes = order(e)
    columns = figures.depths(nodes)
    for node in nodes:
        assert all(columns[parent] < columns[node] for parent, _ in node.edges)
    assert [columns[x], columns[c], columns[e]] == [0, 1, 3]
    late = Value(5.0)
    z = (x.sin() + 1.0) * late
    assert figures.depths(order(z))[late] == 2  # next to its first user, not at the far left


def test_nodes_of_a_column_keep_their_distance():
    _, _, f = fraction()
    nodes = order(f)
    columns = figures.depths(nodes)
    heights = figures.heights(nodes, columns)
    assert set(heights) == set(nodes)
    for a, b in itertools.combinations(nodes, 2):
        if columns[a] == columns[b]:
            assert abs(heights[a] - heights[b]) >= 1 - 1e-12


def test_an_edge_runs_past_the_nodes_that_it_crosses():
    for make in (fraction, patience):
        *_, last = make()
        nodes = order(last)
        columns = figures.depths(nodes)
        heights = figures.heights(nodes, columns)
        for node in nodes:
            for parent, _ in node.edges:
                for other in nodes:
                    if columns[parent] < columns[other] < columns[node]:
                        part = (columns[other] - columns[parent]) / (
                            columns[node] - columns[parent]
                        )
                        at = heights[parent] + part * (heights[node] - heights[parent])
                        assert abs(at - heights[other]) > 0.3


def test_curves_show_their_numbers():
    figures.curves({"a": [3.0, 2.0], "b": [1.0, 4.0]}, ylabel="y")
    lines = plt.gca().lines
    assert [line.get_ydata().tolist() for line in lines] == [[3.0, 2.0], [1.0, 4.0]]
    assert [t.get_text() for t in plt.gca().get_legend().texts] == ["a", "b"]
    assert plt.gca().get_yscale() == "linear"
    assert plt.gca().get_ylabel() == "y"


def test_engines_are_bars_of_milliseconds():
    figures.engines({"small": {"a": 1e-3, "b": 2e-3}, "large": {"a": 3.0, "b": 4e-3}})
    assert [bar.get_height() for bar in plt.gca().patches] == [1.0, 3000.0, 2.0, 4.0]
    assert plt.gca().get_yscale() == "log"
    assert [t.get_text() for t in plt.gca().get_xticklabels()] == ["small", "large"]


def test_measure_returns_seconds_and_leaves_torch_as_it_was(torch):
    before = torch.get_num_threads()
    times = figures.measure((3, 4, 2), 2)
    assert list(times) == ["one node a number", "one node an array", "PyTorch"]
    assert all(0 < seconds < 1 for seconds in times.values())
    assert torch.get_num_threads() == before
