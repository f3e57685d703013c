// stdin: {source, name, calls: [[a, b, c, input]]}, numbers as hex strings. Compiles the contract with solc and runs each
// call on an EVM. stdout: {warnings, verdicts: [bool|null], gas}, null where the call reverted, gas of the first call.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createEVM } from "@ethereumjs/evm";
import { createAddressFromString, hexToBytes, bytesToHex } from "@ethereumjs/util";

const solc = createRequire(import.meta.url)("solc");
const { source, name, calls } = JSON.parse(readFileSync(0, "utf8"));
const output = JSON.parse(
  solc.compile(
    JSON.stringify({
      language: "Solidity",
      sources: { "Verifier.sol": { content: source } },
      settings: { optimizer: { enabled: true }, outputSelection: { "*": { "*": ["evm.deployedBytecode.object", "evm.methodIdentifiers"] } } },
    }),
  ),
);
const complaints = (output.errors ?? []).map((e) => e.formattedMessage);
if ((output.errors ?? []).some((e) => e.severity === "error")) {
  console.error(complaints.join("\n"));
  process.exit(1);
}
const contract = output.contracts["Verifier.sol"][name];
const selector = Object.values(contract.evm.methodIdentifiers)[0];
const evm = await createEVM();
const verdicts = [];
let gas = null;
for (const call of calls) {
  const words = call.flat(3).map((word) => word.slice(2).padStart(64, "0"));
  const result = await evm.runCall({
    to: createAddressFromString("0x00000000000000000000000000000000000000aa"),
    code: hexToBytes("0x" + contract.evm.deployedBytecode.object),
    data: hexToBytes("0x" + selector + words.join("")),
    gasLimit: 30_000_000n,
    isStatic: true,
  }).catch((error) => ({ execResult: { exceptionError: error } }));
  const run = result.execResult;
  gas ??= Number(run.executionGasUsed);
  verdicts.push(run.exceptionError ? null : BigInt(bytesToHex(run.returnValue)) === 1n);
}
process.stdout.write(JSON.stringify({ warnings: complaints, verdicts, gas }), () => process.exit(0));
