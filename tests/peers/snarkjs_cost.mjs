// stdin: {zkey, wtns, rounds, repeat}, files by path; stdout: {proof, inputs, cpu_s, verify_ms, proof_bytes, peak_mb}.
// CPU time of all threads, medians: of `rounds` proofs from a finished witness, of `repeat` verifications.
// proof_bytes: of proof.json as snarkjs writes it.
import { readFileSync } from "node:fs";
import { groth16, zKey } from "snarkjs";

const { zkey, wtns, rounds, repeat } = JSON.parse(readFileSync(0, "utf8"));
const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];
const cpu = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

const seconds = [];
let made;
for (let round = 0; round < rounds; round++) {
  const start = cpu();
  made = await groth16.prove(zkey, wtns);
  seconds.push(cpu() - start);
}
const key = await zKey.exportVerificationKey(zkey);
const times = [];
for (let round = 0; round < repeat; round++) {
  const start = cpu();
  if (!(await groth16.verify(key, made.publicSignals, made.proof))) throw new Error("snarkjs refuses its own proof");
  times.push(1000 * (cpu() - start));
}
const text = (value, indent) => JSON.stringify(value, (_, v) => (typeof v === "bigint" ? v.toString() : v), indent);
const answer = {
  proof: made.proof,
  inputs: made.publicSignals,
  cpu_s: median(seconds),
  verify_ms: median(times),
  proof_bytes: text(made.proof, 1).length,
  peak_mb: Math.round((process.resourceUsage().maxRSS * 1024) / 1e6),
};
process.stdout.write(text(answer), () => process.exit(0));
