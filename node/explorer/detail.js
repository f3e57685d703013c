// One thing at a time: a block, a transaction, a task, an account, a model, a program, a key, a contract.

import { batch, call, RpcError } from "./node.js";
import {
  accountLink,
  ago,
  blockLink,
  bytes,
  card,
  clu,
  count,
  el,
  keyLink,
  modelLink,
  programLink,
  short,
  table,
  taskLink,
  transactionLink,
} from "./dom.js";
import { eventLine, facts } from "./facts.js";
import { taskTable } from "./lists.js";
import { proposerName, tone, what } from "./overview.js";

const LOOKED_UP = 100;

const head = (live) => live.status?.height ?? 0;

function heading(kind, id) {
  return el("h1", null, kind, el("small", { class: "mono" }, id));
}

function must(outcome) {
  if (outcome instanceof RpcError) throw outcome;
  return outcome;
}

export async function block(root, live, height, signal) {
  const at = Number(height);
  const [found, events] = await batch([
    ["chain_getBlock", { height: at }],
    ["chain_getEvents", { first: at, last: at }],
  ]);
  const { id, header, transactions, commit, evidence, size } = must(found);
  const looked = transactions.slice(0, LOOKED_UP);
  const bodies = looked.length ? await batch(looked.map((hash) => ["chain_getTransaction", { hash }])) : [];
  const rows = looked.map((hash, index) =>
    bodies[index] instanceof RpcError
      ? [index, transactionLink(hash), "–", "–"]
      : [index, transactionLink(hash), what(bodies[index]), accountLink(bodies[index].fee_source.signer)],
  );
  const more = transactions.length > looked.length ? `the first ${looked.length} of ${count(transactions.length)}` : "";
  const closing = (events instanceof RpcError ? [] : events.events).filter(
    (event) => event.index === transactions.length,
  );
  const signers = commit.signatures.map(({ validator }) => proposerName(live, validator)).join(", ");
  if (signal.aborted) return;
  root.replaceChildren(
    heading(`Block ${count(at)}`, id),
    el(
      "p",
      null,
      at > 1 ? el("a", { href: `#/block/${at - 1}` }, "← before") : null,
      "  ",
      at < head(live) ? el("a", { href: `#/block/${at + 1}` }, "after →") : null,
    ),
    card(
      "Summary",
      "",
      el(
        "dl",
        { class: "facts" },
        el("dt", null, "Time"),
        el("dd", null, new Date(header.time).toLocaleString(), "  (", ago(header.time), ")"),
        el("dt", null, "Proposer"),
        el("dd", null, proposerName(live, header.proposer)),
        el("dt", null, "Committed by"),
        el("dd", null, `${signers}  (${commit.signatures.length} precommits, round ${commit.round})`),
        el("dt", null, "Size"),
        el("dd", null, bytes(size)),
        el("dt", null, "Evidence"),
        el("dd", null, evidence.length ? count(evidence.length) : "none"),
      ),
    ),
    card(
      `${count(transactions.length)} ${transactions.length === 1 ? "transaction" : "transactions"}`,
      more,
      table(
        [{ name: "#", number: true }, { name: "Hash" }, { name: "Action" }, { name: "From" }],
        rows,
        "An empty block.",
      ),
    ),
    ...(closing.length ? [card("At the block's end", "", eventTable(closing))] : []),
    card("Header", "", facts(header, head(live), ["time", "proposer", "height"])),
  );
}

function eventTable(events) {
  const rows = events.map((event) => [
    el("span", { class: `tag ${tone(event.type)}` }, event.type),
    event.task ? taskLink(event.task) : "–",
    eventLine(event),
  ]);
  return table([{ name: "Event" }, { name: "Task" }, { name: "" }], rows, "None.");
}

export async function transaction(root, live, hash, signal) {
  const found = must((await batch([["chain_getTransaction", { hash }]]))[0]);
  const final = found.status === "final";
  const receipt = final ? await call("chain_getReceipt", { hash }) : null;
  const [block] = final ? await batch([["chain_getBlock", { height: found.height }]]) : [null];
  if (signal.aborted) return;
  const outcome = !final
    ? el("span", { class: "tag warn" }, "waiting for a block")
    : receipt.code === 0
      ? el("span", { class: "tag good" }, "applied")
      : el("span", { class: "tag bad" }, `failed by rule ${receipt.code}`);
  const { actions, raw } = found;
  root.replaceChildren(
    heading("Transaction", hash),
    card(
      "Summary",
      "",
      el(
        "dl",
        { class: "facts" },
        el("dt", null, "Outcome"),
        el("dd", null, outcome),
        el("dt", null, "From"),
        el("dd", null, accountLink(found.fee_source.signer)),
        ...(final
          ? [
              el("dt", null, "Block"),
              el(
                "dd",
                null,
                blockLink(found.height),
                `, place ${found.index}`,
                block instanceof RpcError ? null : ["  (", ago(block.header.time), ")"],
              ),
              el("dt", null, "Fee"),
              el(
                "dd",
                null,
                clu(receipt.fee),
                el("span", { class: "soft" }, `  for ${count(receipt.work)} units of work`),
              ),
            ]
          : []),
        el("dt", null, "Fee limit, tip"),
        el("dd", null, `${clu(found.fee_limit)}, ${clu(found.tip)}`),
        el("dt", null, "Nonce"),
        el("dd", null, count(found.nonce)),
        el("dt", null, "Expires after"),
        el("dd", null, `height ${count(found.expiry_height)}`),
        el("dt", null, "Size"),
        el("dd", null, bytes(raw.length / 2 - 1)),
      ),
    ),
    ...actions.map((action) => card(action.type, "action", facts(action, head(live), ["type"]))),
    ...(receipt?.events.length
      ? receipt.events.map((event) => card(event.type, "event", facts(event, head(live), ["type"])))
      : []),
    card("Bytes", "", el("pre", null, raw)),
  );
  if (!final) live.addEventListener("blocks", () => transaction(root, live, hash, signal), { signal, once: true });
}

export async function task(root, live, id, signal) {
  const draw = async () => {
    const found = await call("task_get", { id });
    if (signal.aborted) return found;
    root.replaceChildren(
      heading("Task", id),
      steps(found),
      card(
        "Terms",
        el("span", { class: `tag ${tone(found.phase)}` }, found.phase),
        facts({ requester: found.requester, ...found.terms, vk_id: found.vk_id }, head(live)),
      ),
      ...(found.lock ? [card("Lock", `epoch ${found.lock_epoch}`, facts(found.lock, head(live)))] : []),
      ...(found.result ? [card("Result", "proven; encrypted for the requester", facts(found.result, head(live)))] : []),
      card(
        "Who can read the input",
        "",
        found.recipients.length
          ? el(
              "dl",
              { class: "facts" },
              found.recipients.flatMap((address) => [el("dt", null, "Provider"), el("dd", null, accountLink(address))]),
            )
          : null,
      ),
    );
    return found;
  };
  const first = await draw();
  if (!["settled", "expired", "dissolved"].includes(first.phase)) {
    live.addEventListener(
      "task",
      (event) => {
        if (event.detail.task === id) draw();
      },
      { signal },
    );
  }
}

function steps({ opened_at, lock, result, phase, terms }) {
  const step = (name, detail, reached) => el("li", { class: reached ? null : "next" }, el("b", null, name), detail);
  const ended = ["expired", "dissolved"].includes(phase);
  return el(
    "ol",
    { class: "steps" },
    step("Opened", el("span", null, "height ", blockLink(opened_at)), true),
    step(
      "Locked",
      lock
        ? el("span", null, "height ", blockLink(lock.height), " by ", accountLink(lock.provider))
        : `until height ${count(terms.lock_deadline)}`,
      lock,
    ),
    ended
      ? step(phase === "expired" ? "Expired" : "Dissolved", "requester refunded", true)
      : step(
          "Settled",
          result
            ? el("span", null, "height ", blockLink(result.height), " by ", accountLink(result.provider))
            : `until height ${count(terms.deadline)}`,
          result,
        ),
  );
}

export async function account(root, live, address, signal) {
  const [state, provider, asked, proven] = await batch([
    ["chain_getAccount", { address }],
    ["provider_get", { address }],
    ["task_list", { requester: address, limit: 100 }],
    ["task_list", { provider: address, limit: 100 }],
  ]);
  const { balance, nonce, next_nonce: next } = must(state);
  if (signal.aborted) return;
  const listed = (title, outcome) =>
    outcome instanceof RpcError || !outcome.tasks.length
      ? []
      : [
          card(
            title,
            `${count(outcome.tasks.length)}${outcome.tasks.length === 100 ? " or more" : ""}`,
            taskTable(outcome.tasks, ""),
          ),
        ];
  root.replaceChildren(
    heading("Account", address),
    card(
      "Balance",
      "",
      el(
        "dl",
        { class: "facts" },
        el("dt", null, "Spendable"),
        el("dd", null, clu(balance)),
        el("dt", null, "Transactions sent"),
        el("dd", null, count(nonce), next > nonce ? `, ${count(next - nonce)} waiting` : ""),
      ),
    ),
    ...(provider instanceof RpcError ? [] : [card("Provider", "", facts(provider, head(live), ["account"]))]),
    ...listed("Tasks that it proves", proven),
    ...listed("Tasks that it asked for", asked),
  );
}

export async function model(root, live, id, signal) {
  const found = await call("model_get", id.startsWith("0x") ? { id } : { name: id });
  if (signal.aborted) return;
  root.replaceChildren(
    heading(found.model, `version ${found.version}`),
    el("p", null, found.description),
    card("Model", "", facts(found, head(live), ["program_record", "manifest", "description", "model", "version"])),
    card("Program", "", facts(found.program_record, head(live), ["id"])),
    manifest(found.manifest),
  );
}

export async function program(root, live, id, signal) {
  const found = await call("registry_getProgram", { id });
  if (signal.aborted) return;
  root.replaceChildren(
    heading("Program", id),
    card("Program", "", facts(found, head(live), ["id", "manifest"])),
    manifest(found.manifest),
  );
}

export async function key(root, live, id, signal) {
  const found = await call("registry_getKey", { id });
  if (signal.aborted) return;
  root.replaceChildren(
    heading("Verifying key", id),
    card("Key", found.strength.split("(")[0], facts(found, head(live), ["vk_id"])),
  );
}

export async function contract(root, live, id, signal) {
  const found = await call("contract_get", { id });
  if (signal.aborted) return;
  root.replaceChildren(
    heading("Confidential contract", id),
    el("p", { class: "soft" }, "Its registers are commitments and ciphertext: only its readers know more."),
    card("State", "", facts(found, head(live))),
  );
}

function manifest(hex) {
  const data = Uint8Array.from(hex.slice(2).match(/../g) ?? [], (pair) => parseInt(pair, 16));
  let text = new TextDecoder().decode(data);
  try {
    text = JSON.stringify(JSON.parse(text), null, 1)
      .replace(/\n\s+(?=-?[\d.]+,?\n)/g, " ")
      .replace(/(?<=[\d.])\n\s+(?=\])/g, " ");
  } catch {
    // a manifest need not be JSON; then its text is shown as it is
  }
  return card("Manifest", bytes(data.length), el("pre", null, text));
}
