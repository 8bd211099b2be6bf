"""The order in which nodes pass their slopes on: one for `Value` and `Array`."""


def count_users(last):
    """Return {node: how many edges lead to it}, for every node that `last` was made of."""
    users, found = {last: 0}, [last]
    for node in found:  # the list grows while it is walked
        for parent, _ in node.edges:
            if parent in users:
                users[parent] += 1
            else:
                users[parent] = 1
                found.append(parent)
    return users


def order(last):
    """Return every node that `last` was made of, itself first, each after all nodes that use it.

    So when its turn comes, a node has heard from everyone and its slope is complete
    (:eq:`sum-over-users`). Each edge is walked twice and nothing calls itself: a graph may be as
    deep as memory allows. The order depends on the graph alone, so sums are the same in every run.
    """
    awaited, ready = count_users(last), [last]
    for node in ready:
        for parent, _ in node.edges:
            awaited[parent] -= 1
            if not awaited[parent]:
                ready.append(parent)
    return ready
