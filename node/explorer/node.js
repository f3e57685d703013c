// The node behind this page: JSON-RPC by POST, news by WebSocket, polling while that is down.

const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 15000;
const POLL = 2000;
const KEPT_BLOCKS = 120;
const FETCHED_BLOCKS = 40;
const STATUS_PAUSE = 900;

/** An error that the node answered: its sentence, its stable code, its name. */
export class RpcError extends Error {
  constructor(error) {
    super(error.message);
    this.code = error.data?.code ?? error.code;
    this.name = error.data?.name ?? "RpcError";
  }
}

let nextId = 1;

async function post(body) {
  const response = await fetch("/", { method: "POST", body: JSON.stringify(body), signal: AbortSignal.timeout(10000) });
  return response.json();
}

/** The result of one method; throws RpcError, or TypeError and the like when nothing answers. */
export async function call(method, params = {}) {
  const [outcome] = await batch([[method, params]]);
  if (outcome instanceof RpcError) throw outcome;
  return outcome;
}

/** The results of several methods in order; what failed is an RpcError in its place. */
export async function batch(calls) {
  const requests = calls.map(([method, params]) => ({ jsonrpc: "2.0", id: nextId++, method, params: params ?? {} }));
  const answers = await post(requests);
  if (!Array.isArray(answers)) throw new RpcError(answers.error);
  const byId = new Map(answers.map((answer) => [answer.id, answer]));
  return requests.map(({ id }) => {
    const answer = byId.get(id);
    return answer?.error || !answer ? new RpcError(answer?.error ?? { message: "no answer came" }) : answer.result;
  });
}

/**
 * What the page knows of the chain as it moves. Events: "state" (live, polling, lost), "status", "blocks" (detail: the
 * new ones, oldest first), "task" (detail: the event).
 */
export class LiveChain extends EventTarget {
  state = "connecting";
  status = null;
  mempool = null;
  verifier = null;
  validators = new Map();
  blocks = [];
  #socket = null;
  #pause = FIRST_PAUSE;
  #retryAt = 0;
  #timer = 0;
  #filling = null;
  #statusAt = 0;

  start() {
    this.#connect();
    setInterval(() => this.#poll(), POLL);
  }

  /** Milliseconds until the next attempt to connect. */
  get retryIn() {
    return Math.max(0, this.#retryAt - Date.now());
  }

  retry() {
    clearTimeout(this.#timer);
    this.#pause = FIRST_PAUSE;
    this.#connect();
  }

  async #connect() {
    this.#socket?.close();
    await this.#poll(true);
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`);
    this.#socket = socket;
    socket.onopen = () => {
      for (const topic of ["blocks", "tasks"]) {
        socket.send(JSON.stringify({ jsonrpc: "2.0", id: nextId++, method: "subscribe", params: { topic } }));
      }
      this.#pause = FIRST_PAUSE;
      this.#become("live");
      this.#refresh();
    };
    socket.onmessage = (message) => this.#hear(JSON.parse(message.data));
    socket.onclose = () => {
      if (socket === this.#socket) this.#wait();
    };
  }

  #wait() {
    this.#socket = null;
    this.#retryAt = Date.now() + this.#pause;
    this.#timer = setTimeout(() => this.#connect(), this.#pause);
    this.#pause = Math.min(2 * this.#pause, LONGEST_PAUSE);
    if (this.state === "live") this.#become("polling");
    this.#poll(true);
  }

  async #poll(always = false) {
    if (this.state === "live" && !always) return;
    try {
      await this.#refresh();
      if (this.#socket?.readyState !== WebSocket.OPEN) this.#become("polling");
    } catch {
      this.#become("lost");
    }
  }

  #hear(message) {
    if (message.method !== "subscription") return;
    const { topic, data, lagged } = message.params;
    if (lagged) this.#socket?.close();
    else if (topic === "tasks") this.dispatchEvent(new CustomEvent("task", { detail: data }));
    else this.#take(data).catch(() => this.#become("lost"));
  }

  async #take(block) {
    const last = this.blocks.at(-1);
    if (last && block.header.height === last.height + 1) this.#append([summary(block)]);
    else await this.#fill(block.header.height);
    if (Date.now() - this.#statusAt > STATUS_PAUSE) await this.#refresh();
  }

  async #refresh() {
    this.#statusAt = Date.now();
    const wanted = [["chain_status"], ["mempool_status"], ["verifier_status"], ["validator_list"]];
    const [status, mempool, verifier, validators] = await batch(wanted);
    if (status instanceof RpcError) throw status;
    if (this.status && this.status.genesis_hash !== status.genesis_hash) location.reload();
    Object.assign(this, { status, mempool, verifier });
    if (!(validators instanceof RpcError))
      this.validators = new Map(validators.validators.map((entry) => [entry.validator, entry]));
    this.dispatchEvent(new Event("status"));
    await this.#fill(status.height);
  }

  /** Fetch the blocks up to `height` that are missing; one such run at a time. */
  async #fill(height) {
    await this.#filling;
    const first = Math.max(1, height - FETCHED_BLOCKS + 1, (this.blocks.at(-1)?.height ?? 0) + 1);
    if (first > height) return;
    const heights = Array.from({ length: height - first + 1 }, (_, index) => first + index);
    this.#filling = batch(heights.map((at) => ["chain_getBlock", { height: at }]));
    const found = (await this.#filling).filter((block) => !(block instanceof RpcError));
    this.#append(found.map(summary));
  }

  #append(blocks) {
    const last = this.blocks.at(-1)?.height ?? 0;
    const fresh = blocks.filter((block) => block.height > last);
    if (!fresh.length) return;
    if (fresh[0].height > last + 1) this.blocks = [];
    this.blocks = [...this.blocks, ...fresh].slice(-KEPT_BLOCKS);
    this.dispatchEvent(new CustomEvent("blocks", { detail: fresh }));
  }

  #become(state) {
    if (state === this.state) return;
    this.state = state;
    this.dispatchEvent(new Event("state"));
  }
}

function summary({ id, header, transactions }) {
  return { id, height: header.height, time: header.time, proposer: header.proposer, transactions };
}
