// argv: a folder to work in, a source in it. Compiles with circom2 to .r1cs and .wasm beside it; its sandbox sees only
// the folder it runs in, so includes lie there too.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const [folder, source] = process.argv.slice(2);
const cli = join(dirname(createRequire(import.meta.url).resolve("circom2")), "cli.js");
const ended = spawnSync(process.execPath, [cli, source, "--r1cs", "--wasm"], { cwd: folder, encoding: "utf8" });
process.stdout.write(ended.stdout + ended.stderr, () => process.exit(ended.status ?? 1));
