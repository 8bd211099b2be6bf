"""Small formulas as plain text or HTML, where no MathJax is: descriptions, search results."""

import html
import re

from docutils import nodes

# fmt: off
GREEK = [
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa",
    "lambda", "mu", "nu", "xi", "omicron", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi",
    "psi", "omega",
]
# fmt: on

# One character for each name of TeX that a sentence of the book can hold.
SIGNS = {name: chr(0x3B1 + n + (n > 16)) for n, name in enumerate(GREEK)}  # ς stands after ρ
SIGNS |= {
    "varepsilon": "ε",
    "Delta": "Δ",
    "Sigma": "Σ",
    "partial": "∂",
    "nabla": "∇",
    "odot": "⊙",
    "cdot": "·",
    "times": "×",
    "sum": "Σ",
    "le": "≤",
    "ge": "≥",
    "ne": "≠",
    "approx": "≈",
    "to": "→",
    "dots": "…",
    "ldots": "…",
    "infty": "∞",
    "tfrac12": "½",
    "frac12": "½",
}


def plain(tex):
    r"""A formula in one line of plain text: ``\partial L/\partial w_{jk}`` is ∂L/∂w_jk."""
    text = re.sub(r"\^\{?\\mathsf\s*T\}?", "ᵀ", tex)
    text = re.sub(r"\\(?:mathsf|mathbf|mathrm|text|operatorname|boldsymbol)\b\s*", "", text)
    text = re.sub(r"\\(t?frac12)\b", lambda m: SIGNS[m[1]], text)
    text = re.sub(r"\\([A-Za-z]+)\s*", lambda m: SIGNS.get(m[1], m[1]), text)
    text = re.sub(r"\\[,;:! ]", " ", text)
    return re.sub(r"\s+", " ", re.sub(r"[{}\\]", "", text.replace("'", "′"))).strip()


def as_html(tex):
    """A symbol as HTML: letters slanted, what stands below the line in ``<sub>``."""
    lowered = re.sub(r"_(?:\{([^}]*)\}|(\w))", r"␟\1\2␞", tex)  # what plain() leaves alone
    text = re.sub("␟(.*?)␞", r"<sub>\1</sub>", html.escape(plain(lowered)))
    return f"<i>{text}</i>"


def spoken(tex):
    r"""A symbol as a screen reader should say it: ``w_{jk}`` is "w j k", ``\delta`` is "delta"."""
    text = re.sub(r"\^\{?\\mathsf\s*T\}?", " transposed", tex)
    text = text.replace("'", " prime").replace("/", " over ").replace(r"\odot", "times")
    text = re.sub(r"\\(?:math\w+|text)\b", " ", text)
    text = re.sub(r"_\{(\w+)\}", lambda below: " " + " ".join(below[1]), text)
    text = text.replace(r"\varepsilon", r"\epsilon").replace("_", " ")
    return " ".join(re.findall(r"\w+", text))


def text_of(node):
    """A node's text with its formulas in plain signs, on one line."""
    parts = []
    for child in node.findall(nodes.Text):
        inside = child.parent
        parts.append(plain(child) if isinstance(inside, nodes.math) else str(child))
    return re.sub(r"\s+", " ", "".join(parts)).strip()
