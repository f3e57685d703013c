// stdin: {r1cs, power, verify?} with r1cs in base64. Runs a ceremony of both phases in memory: two contributions and a
// beacon. stdout: the files in base64 (powers of tau before and after phase-2 preparation, the key before any
// contribution, after the first, and at the end), the hashes that snarkjs printed, the verifying key, its own verdict.
import { readFileSync } from "node:fs";
import { curves, powersOfTau, zKey } from "snarkjs";

const input = JSON.parse(readFileSync(0, "utf8"));
const file = (base64) => ({ type: "mem", data: new Uint8Array(Buffer.from(base64, "base64")) });
const memory = () => ({ type: "mem" });
const base64 = (mem) => Buffer.from(mem.data).toString("base64");
const hex = (hash) => Buffer.from(hash).toString("hex");
const r1cs = file(input.r1cs);

const curve = await curves.getCurveFromName("bn128");
const [empty, ptau, prepared] = [memory(), memory(), memory()];
await powersOfTau.newAccumulator(curve, input.power, empty);
await powersOfTau.contribute(empty, ptau, "first phase", "toy entropy");
await powersOfTau.preparePhase2(ptau, prepared);

const [initial, first, second, final] = [memory(), memory(), memory(), memory()];
const hashes = [
  await zKey.newZKey(r1cs, prepared, initial),
  await zKey.contribute(initial, first, "alice", "toy entropy 1"),
  await zKey.contribute(first, second, "bob", "toy entropy 2"),
  await zKey.beacon(second, final, "drand", "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20", 10),
];
const answer = {
  ptau: base64(ptau),
  prepared: base64(prepared),
  initial: base64(initial),
  first: base64(first),
  final: base64(final),
  hashes: hashes.map(hex),
  key: await zKey.exportVerificationKey(final),
  valid: await zKey.verifyFromR1cs(r1cs, prepared, final),
};
process.stdout.write(JSON.stringify(answer, (_, v) => (typeof v === "bigint" ? v.toString() : v)), () => process.exit(0));
