// stdin: {r1cs, ptau, zkeys: [...]} in base64; stdout: [bool], what `snarkjs zkey verify` says of each key.
import { readFileSync } from "node:fs";
import { zKey } from "snarkjs";

console.log = () => {}; // snarkjs says there why a contribution is false
const input = JSON.parse(readFileSync(0, "utf8"));
const file = (base64) => ({ type: "mem", data: new Uint8Array(Buffer.from(base64, "base64")) });
const verdicts = [];
for (const zkey of input.zkeys) {
  try {
    verdicts.push((await zKey.verifyFromR1cs(file(input.r1cs), file(input.ptau), file(zkey))) === true);
  } catch {
    verdicts.push(false);
  }
}
process.stdout.write(JSON.stringify(verdicts), () => process.exit(0));
