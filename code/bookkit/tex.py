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
    "leftarrow": "←",
    "rightarrow": "→",
    "Rightarrow": "⇒",
    "mapsto": "↦",
    "mid": "|",
    "lVert": "‖",
    "rVert": "‖",
    "lvert": "|",
    "rvert": "|",
    "leq": "≤",
    "geq": "≥",
    "neq": "≠",
    "equiv": "≡",
    "propto": "∝",
    "sim": "∼",
    "pm": "±",
    "in": "∈",
    "circ": "∘",
    "cdots": "⋯",
    "prod": "Π",
    "int": "∫",
    "sqrt": "√",
    "ell": "ℓ",
    "lfloor": "⌊",
    "rfloor": "⌋",
    "prime": "′",
    "tfrac12": "½",
    "frac12": "½",
}


RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

#: What only says how a formula is set.
UNSEEN = (
    "left|right|[bB]igg?[lr]?|displaystyle|textstyle|limits|underbrace|"
    "math[a-z]+|boldsymbol|text|operatorname|overline"
)
ACCENTS = {"hat": "\u0302", "bar": "\u0304", "tilde": "\u0303", "vec": "\u20d7", "dot": "\u0307"}


def fractions(tex):
    r"""``\frac{a + b}{c}`` as (a + b)/c, also with a fraction inside; ½ stays for `SIGNS`."""
    part = r"\s*(\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}|\\[A-Za-z]+|[^\s{}\\])"
    while found := re.search(rf"\\[dt]?frac(?!12(?!\d)){part}{part}", tex):
        above, below = (around(text) for text in found.groups())
        rest = re.sub(r"^(?=[\\\w(])", " ", tex[found.end() :])
        tex = f"{tex[: found.start()]}{above}/{below}{rest}"
    return tex


def around(part):
    """A part of a fraction in one line: in parentheses where it is a sum or a fraction itself."""
    inside = part[1:-1].strip() if part.startswith("{") else part
    return f"({inside})" if re.search(r"[-+−/]|frac|sum", inside) else inside


def plain(tex):
    r"""A formula in one line of plain text: ``\partial L/\partial w_{jk}`` is ∂L/∂w_jk."""
    text = re.sub(r"\^\{?\\mathsf\s*T\}?", "ᵀ", tex)
    text = re.sub(r"\\(?:begin|end)\{\w+\}|&", "", text).replace(r"\\", " ")
    text = re.sub(rf"\\(?:{UNSEEN})(?![A-Za-z])\s*", "", text)
    text = re.sub(r"\\q?quad(?![A-Za-z])", " ", text)
    accent = rf"\\({'|'.join(ACCENTS)})(?![A-Za-z])\s*\{{?(\w)\}}?"
    text = re.sub(accent, lambda m: m[2] + ACCENTS[m[1]], text)
    text = fractions(text)
    text = re.sub(r"\^(?:\{(-?\d+)\}|(\d))", lambda m: (m[1] or m[2]).translate(RAISED), text)
    text = re.sub(r"\\(t?frac12)\b", lambda m: SIGNS[m[1]], text)
    text = re.sub(r"\\([A-Za-z]+)\s*", lambda m: SIGNS.get(m[1], m[1]), text)
    text = re.sub(r"\\[,;:! ]", " ", text)
    text = re.sub(r"\s*([←→⇒↦≈≤≥∈])\s*", r" \1 ", text)
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
