// stdin: {r1cs, wtns} in base64. Runs both phases of a toy ceremony in memory and proves. stdout: the verifying key
// before and after a contribution to the second phase, the first phase's without contributions, a proof and its inputs.
import { readFileSync } from "node:fs";
import { curves, groth16, powersOfTau, zKey } from "snarkjs";

const input = JSON.parse(readFileSync(0, "utf8"));
const r1cs = { type: "mem", data: new Uint8Array(Buffer.from(input.r1cs, "base64")) };
const wtns = { type: "mem", data: new Uint8Array(Buffer.from(input.wtns, "base64")) };
const memory = () => ({ type: "mem" });

async function key(ptau) {
  const prepared = memory();
  const zkey = memory();
  await powersOfTau.preparePhase2(ptau, prepared);
  await zKey.newZKey(r1cs, prepared, zkey);
  return zkey;
}

async function contributed(zkey) {
  const next = memory();
  await zKey.contribute(zkey, next, "second phase", "toy entropy");
  return next;
}

const curve = await curves.getCurveFromName("bn128");
const empty = memory();
await powersOfTau.newAccumulator(curve, 4, empty);
const ptau = memory();
await powersOfTau.contribute(empty, ptau, "first phase", "toy entropy");

const uncontributed = await key(ptau);
const final = await contributed(uncontributed);
const { proof, publicSignals } = await groth16.prove(final, wtns);
const result = {
  uncontributed: await zKey.exportVerificationKey(uncontributed),
  first_phase_empty: await zKey.exportVerificationKey(await contributed(await key(empty))),
  key: await zKey.exportVerificationKey(final),
  proof,
  inputs: publicSignals,
};
process.stdout.write(JSON.stringify(result, (_, v) => (typeof v === "bigint" ? v.toString() : v)), () => process.exit(0));
