// stdin: {zkey, wtns} in base64; stdout: {proof, inputs, key}: a proof that snarkjs makes with a key of ours.
import { readFileSync } from "node:fs";
import { groth16, zKey } from "snarkjs";

const input = JSON.parse(readFileSync(0, "utf8"));
const file = (base64) => ({ type: "mem", data: new Uint8Array(Buffer.from(base64, "base64")) });
const { proof, publicSignals } = await groth16.prove(file(input.zkey), file(input.wtns));
const key = await zKey.exportVerificationKey(file(input.zkey));
const answer = { proof, inputs: publicSignals, key };
process.stdout.write(JSON.stringify(answer, (_, v) => (typeof v === "bigint" ? v.toString() : v)), () => process.exit(0));
