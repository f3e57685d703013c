// stdin: {key, cases: [{proof, inputs}], repeat}; stdout: {valid: [bool], ms}, ms being the median of one verification
// in this process, over the first case.
import { readFileSync } from "node:fs";
import { groth16 } from "snarkjs";

const { key, cases, repeat } = JSON.parse(readFileSync(0, "utf8"));
const valid = [];
for (const { proof, inputs } of cases) valid.push(await groth16.verify(key, inputs, proof));

const times = [];
for (let i = 0; i < repeat; i++) {
  const start = performance.now();
  await groth16.verify(key, cases[0].inputs, cases[0].proof);
  times.push(performance.now() - start);
}
times.sort((a, b) => a - b);
process.stdout.write(JSON.stringify({ valid, ms: times[times.length >> 1] ?? null }), () => process.exit(0));
