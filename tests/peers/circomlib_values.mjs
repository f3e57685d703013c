// stdin: {hashes: [{inputs, state}], scalars: [scalar]}, numbers as decimal strings; stdout: {hashes: [digest],
// points: [{x, y, packed}]}, what circomlibjs gives for each: Poseidon, and multiples of BabyJubJub's Base8.
import { readFileSync } from "node:fs";
import { buildBabyjub, buildPoseidonReference } from "circomlibjs";

const request = JSON.parse(readFileSync(0, "utf8"));
const poseidon = await buildPoseidonReference();
const babyjub = await buildBabyjub();
const numbers = (strings) => strings.map((s) => BigInt(s));
const hashes = request.hashes.map(({ inputs, state }) =>
  poseidon.F.toObject(poseidon(numbers(inputs), BigInt(state))).toString(),
);
const points = request.scalars.map((scalar) => {
  const point = babyjub.mulPointEscalar(babyjub.Base8, BigInt(scalar));
  const [x, y] = point.map((c) => babyjub.F.toObject(c).toString());
  return { x, y, packed: Buffer.from(babyjub.packPoint(point)).toString("hex") };
});
process.stdout.write(JSON.stringify({ hashes, points }), () => process.exit(0));
