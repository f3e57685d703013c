"""How model.msgpack came about: logistic regression on the German credit data, its weights for everybody to see.

python -m examples.contracts.credit_line.train FILE      # anybody may train it again, and compare what it says

The contract takes the file and never trains: floating point differs between machines, and each file is another circuit.
"""

import sys
from pathlib import Path

from compute.zkml.artifact import save_model
from compute.zkml.compiled import PUBLIC_MODEL, Compiled, Settings, compile
from examples.credit_scoring import trained
from examples.data import credit


def compiled() -> Compiled:
    """The example's model in the profile that contracts take: weights in the circuit, rows private."""
    data = credit()
    settings = Settings(PUBLIC_MODEL)
    labels = data.named(data.labels)
    return compile(trained(data), data.train_rows, rows=data.rows, labels=labels, settings=settings)


if __name__ == "__main__":
    save_model(Path(sys.argv[1]), compiled().provable)
