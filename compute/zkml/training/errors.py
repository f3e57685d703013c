"""What can be wrong with a training step, a certificate, or the data under them."""

from compute.errors import ComputeError


class TrainingError(ComputeError):
    """Root of the errors of proven training."""

    code = 6180


class SpecUnusable(TrainingError):
    """The numbers of a training statement do not fit together."""

    code = 6181

    def __init__(self, what: str, got: object, expected: str) -> None:
        super().__init__(f"{what} is {got}; expected {expected}. Choose another specification.")
        self.what, self.got, self.expected = what, str(got), expected


class NumberRefused(TrainingError):
    """A feature, label or weight is no integer of the width that the statement fixes; it is not wrapped or clipped."""

    code = 6182

    def __init__(self, what: str, place: int, value: int, low: int, high: int) -> None:
        super().__init__(
            f"{what} {place} (the first is 0) is {value}; the statement takes {low} to {high}. Quantise with the "
            "statement's own data shape, or start from smaller weights."
        )
        self.what, self.place, self.value, self.low, self.high = what, place, value, low, high


class WrongCount(TrainingError):
    """There are more or fewer rows, labels, features, weights or salts than the statement is about."""

    code = 6183

    def __init__(self, what: str, expected: int, got: int) -> None:
        super().__init__(f"{got} {what} were given; the statement is about {expected}. Pass exactly these.")
        self.what, self.expected, self.got = what, expected, got


class WeightLeavesRange(TrainingError):
    """An update carries a weight out of the range that weights may have; it is neither wrapped nor clipped."""

    code = 6184

    def __init__(self, place: int, value: int, low: int, high: int) -> None:
        super().__init__(
            f"the step takes weight {place} (the first is 0) to {value}; weights lie in {low} to {high}. Lower the "
            "learning rate, or give weights more bits."
        )
        self.place, self.value, self.low, self.high = place, value, low, high


class GradientAboveBound(TrainingError):
    """The weights are not as close to the optimum as a certificate is to say."""

    code = 6185

    def __init__(self, bound: int, squared_norm: int) -> None:
        super().__init__(
            f"the squared gradient norm is {squared_norm} in the certificate's units and the bound is {bound}; train "
            "on, or certify a larger epsilon."
        )
        self.bound, self.squared_norm = bound, squared_norm


class RunRefused(TrainingError):
    """A claimed run of steps does not hang together, or one of its proofs is false."""

    code = 6186

    def __init__(self, step: int, reason: str) -> None:
        super().__init__(f"step {step} (the first is 0) of the run is refused: {reason}. Do not rely on this run.")
        self.step, self.reason = step, reason


class TooFewRows(TrainingError):
    """A data set has no full minibatch, so no step can be drawn from it."""

    code = 6187

    def __init__(self, rows: int, batch: int) -> None:
        super().__init__(f"{rows} rows make no minibatch of {batch}; commit more rows or smaller minibatches.")
        self.rows, self.batch = rows, batch


class CircuitDisagrees(TrainingError):
    """The circuit computes something else than the integer reference: a fault of ours, nothing is given out."""

    code = 6188

    def __init__(self, position: int) -> None:
        super().__init__(
            f"public signal {position} of the circuit is not what the integer reference says; report the fault."
        )
        self.position = position
