r"""Classic mistakes in backward passes, and which of them a wrong gradient is.

`MISTAKES` is a gallery: name -> `Mistake`, with a sentence, what makes it tempting, and a wrong
`backward(net, X, T)`. `diagnose` tells of the gradient of any function what can be told from its
numbers; `diagnose_network` knows the network, its batch and the whole gallery. Both return a
`Diagnosis`, which is "right", a mistake with a confidence, or "none that I know". Chapter 08
derives how they judge, and shows every mistake going wrong.
"""

from .diagnosis import NONE, RIGHT, Diagnosis
from .functions import diagnose
from .gallery import MISTAKES, DoesNotFit, Mistake
from .networks import diagnose_network

__all__ = [
    "MISTAKES",
    "NONE",
    "RIGHT",
    "Diagnosis",
    "DoesNotFit",
    "Mistake",
    "diagnose",
    "diagnose_network",
]
