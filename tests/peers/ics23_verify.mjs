// stdin: {root, spec, cases: [{key, value, proof}]}, bytes in hex, value null for absence, proof as chain_getProof gives it;
// stdout: [bool], what @confio/ics23 says of each.
import { readFileSync } from "node:fs";
import ics23 from "@confio/ics23";

const bytes = (hex) => Uint8Array.from(Buffer.from(hex.replace(/^0x/, ""), "hex"));
const { HashOp, LengthOp } = ics23.ics23;

const leafOp = (leaf) => ({
  hash: HashOp[leaf.hash],
  prehashKey: HashOp[leaf.prehash_key],
  prehashValue: HashOp[leaf.prehash_value],
  length: LengthOp[leaf.length],
  prefix: bytes(leaf.prefix),
});
const innerOp = (step) => ({ hash: HashOp[step.hash], prefix: bytes(step.prefix), suffix: bytes(step.suffix) });
const existence = (proof) =>
  proof && { key: bytes(proof.key), value: bytes(proof.value), leaf: leafOp(proof.leaf), path: proof.path.map(innerOp) };

const { root, spec, cases } = JSON.parse(readFileSync(0, "utf8"));
const proofSpec = {
  leafSpec: leafOp(spec.leaf_spec),
  innerSpec: {
    childOrder: spec.inner_spec.child_order,
    childSize: spec.inner_spec.child_size,
    minPrefixLength: spec.inner_spec.min_prefix_length,
    maxPrefixLength: spec.inner_spec.max_prefix_length,
    hash: HashOp[spec.inner_spec.hash],
  },
  maxDepth: spec.max_depth,
};

const verdicts = cases.map(({ key, value, proof }) => {
  if (value !== null) {
    const exist = existence(proof.exist);
    return ics23.verifyMembership({ exist }, proofSpec, bytes(root), bytes(key), bytes(value));
  }
  const { left, right } = proof.nonexist;
  const nonexist = { key: bytes(proof.nonexist.key), left: existence(left), right: existence(right) };
  return ics23.verifyNonMembership({ nonexist }, proofSpec, bytes(root), bytes(key));
});
process.stdout.write(JSON.stringify(verdicts));
