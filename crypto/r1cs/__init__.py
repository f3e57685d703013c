"""Circuits: rank-1 constraint systems over BN254's scalar field, built, solved, written and audited in pure Python.

Build once, solve many times:

    cs = Builder()
    ctx, commitment = cs.public("ctx"), cs.public("commitment")       # public signals first, in this order
    ct = cs.output_array("ct", 10)                                    # public, computed by the solver
    x = [assert_range(cs, w, 5) for w in cs.private_array("x", 64)]   # inputs are unproven until ranged
    salt = cs.private("salt")
    cs.assert_equal(commitment, commit_vector(cs, INPUT, salt, pack(x, 5)))
    with cs.scope("layer 1"):
        hidden = [relu_shift(cs, a, bits=15, shift=7) for a in dense(w1, x, b1)]
    ...
    for wire, value in zip(ct, encrypt_outputs(cs, salt, task, logits)):
        cs.define(wire, value)
    circuit = cs.build()

    witness = circuit.solve({"ctx": ..., "commitment": ..., "x": [...], "salt": ..., "task": ...})
    witness.public                                # public inputs of the proof, in the order of declaration
    write_r1cs(circuit); write_wtns(witness)      # bytes for groth16py, snarkjs, arkworks

`wire.Wire` is a linear combination with a proven bound: + - and multiplication by a constant cost nothing, `cs.mul`
one constraint. A gadget refuses a wire whose bound it cannot use (RangeError) while the circuit is built; the solver
refuses a value that cannot be proven (ValueRefused). `circuit.cost_by_scope()` and `estimate(circuit.size)` (seconds,
key and memory) tell the cost. A public signal that no constraint mentions is refused: tie it in with `cs.bind`.

Rooms: `builder` `wire` `constraints` `program` `circuit` the system itself; `estimate` what it costs; `r1cs_file`
`wtns_file` `sections` its files; `gadgets/` what circuits are made of, one family to a file; `audit/` the tests by
which a gadget or circuit earns trust. Commit-and-prove: `cs.next_phase()` and `cs.public(name, phase=1)`, solved with
`circuit.start(...)` and `.advance(...)`.
"""
