// Makes the page's cells live: the tool bar, the order in which cells run, the words that say what
// is going on.
import { Cell, button, codeCells } from "./cells.js";
import { PageKernel } from "./kernel.js";
import { Widgets } from "./widgets.js";

const WORDS = {
  starting: "Python is starting …",
  idle: "Python is ready.",
  busy: "Python is busy …",
  restarting: "Python is restarting …",
  restarted: "Python has been restarted; it knows no variables.",
  died: "Python died and was started again; it knows no variables.",
  dead: "Python has died. Restart it to go on.",
  lost: "The connection to Python is lost; trying again …",
  gone: "Python has ended. Restart it to go on.",
};

/** The page, live: its kernel, its cells, what runs and what waits. */
class Session {
  constructor(bar) {
    this.bar = bar;
    this.widgets = new Widgets();
    this.kernel = new PageKernel((state) => this.hear(state));
    this.kernel.replaced.push((kernel) => this.fresh(kernel));
    this.queue = [];
    this.running = null;
    this.news = null; // a sentence that "ready" must not talk over
  }

  async start() {
    await Promise.all([this.kernel.start(), style()]);
    this.tools = this.makeTools();
    this.cells = codeCells().map((element, n) => new Cell(element, n + 1, this));
    this.bar.element.classList.add("live");
    this.bar.words.textContent = "The code on this page is live: change it, and run it.";
    const keys = document.createElement("p");
    keys.id = "live-keys";
    keys.className = "live-words";
    keys.append(
      "Shift+Enter runs a cell. Tab indents while you write; after Escape it leads on. ",
      "What you write is kept in this browser.",
    );
    this.bar.words.after(keys);
    this.bar.button.textContent = "Run all cells";
    document.querySelector("article.bd-article").append(this.tools);
    this.hear("idle");
  }

  makeTools() {
    const bar = document.createElement("div");
    bar.className = "live-tools d-print-none";
    bar.setAttribute("role", "region");
    bar.setAttribute("aria-label", "Python behind this page");
    this.status = document.createElement("p");
    this.status.setAttribute("role", "status");
    this.stop = button("Interrupt", null, () => this.interrupt());
    bar.append(
      this.status,
      button("Run all", null, () => this.runAll()),
      this.stop,
      button("Restart", "Restart Python", () => this.restart()),
    );
    return bar;
  }

  say(state, text = WORDS[state]) {
    if (!this.status) {
      this.bar.words.textContent = text;
      return;
    }
    this.tools.dataset.state = state;
    if (this.status.textContent !== text) this.status.textContent = text;
  }

  /** What becomes of the kernel, in words. Cells say for themselves what runs. */
  hear(state) {
    if (state === "died" || state === "restarting") this.news = null;
    if (state === "died") this.news = WORDS.died;
    if (["dead", "gone", "died"].includes(state)) this.drop();
    if (state === "idle") {
      if (!this.running) this.say("idle", this.news ?? WORDS.idle);
    } else if (state === "busy") {
      if (this.running) this.say("busy", `Cell ${this.running.number} is running …`);
    } else if (state in WORDS) this.say(state);
  }

  /** A kernel without a past: the widgets of the one before are dead. */
  fresh(kernel) {
    this.attached = this.widgets.attach(kernel);
  }

  runAll() {
    return this.runCells(this.cells);
  }

  runAbove(cell) {
    return this.runCells(this.cells.slice(0, cell.number - 1));
  }

  /** Run cells one after the other, after those that wait already. */
  async runCells(cells) {
    const waiting = cells.filter((cell) => cell !== this.running && !this.queue.includes(cell));
    if (!this.kernel.alive) {
      this.say("gone");
      return;
    }
    this.news = null;
    for (const cell of waiting) cell.mark("waiting");
    this.queue.push(...waiting);
    if (this.running || !this.queue.length) return;
    let last = null;
    while (this.queue.length) {
      last = this.queue.shift();
      if ((await this.run(last)) !== "done") this.drop();
    }
    this.conclude(last);
  }

  /** What the last cell came to, once, when nothing waits any more. */
  conclude(cell) {
    const state = cell.element.dataset.live;
    if (!this.kernel.alive || this.news) return;
    if (state === "done") this.news = `Cell ${cell.number} is done.`;
    if (state === "error") this.news = `Cell ${cell.number} ended with ${cell.error}.`;
    this.hear("idle");
  }

  async run(cell) {
    this.running = cell;
    cell.begin();
    this.say("busy", `Cell ${cell.number} is running …`);
    let state = "stopped";
    try {
      await this.attached;
      const future = this.kernel.kernel.requestExecute(
        { code: cell.source, stop_on_error: true, allow_stdin: false },
        true,
      );
      future.onIOPub = (message) => this.output(cell, message);
      const { content } = await future.done;
      state = content.status === "ok" ? "done" : "error";
      cell.error = content.ename;
    } catch (error) {
      // The kernel was restarted, died or went away: the answer will not come.
      console.info(`cell ${cell.number}: ${error.message}`);
    } finally {
      this.running = null;
    }
    cell.mark(state, state === "error" ? `(${cell.error})` : "");
    return state;
  }

  output(cell, message) {
    if (message.header.msg_type === "update_display_data") {
      for (const one of this.cells) one.outputs.update(message.content);
    } else cell.outputs.hear(message);
  }

  /** What waits will not run. */
  drop() {
    for (const cell of this.queue.splice(0)) cell.mark("skipped");
  }

  async interrupt() {
    if (!this.kernel.alive) return;
    await this.act("Python could not be interrupted", () => this.kernel.interrupt());
  }

  async restart() {
    this.drop();
    await this.act("Python could not be restarted", async () => {
      await this.kernel.restart();
      this.news = WORDS.restarted;
      this.say("restarted");
    });
  }

  async act(failure, work) {
    try {
      await work();
    } catch (error) {
      this.say("lost", `${failure}: ${error.message}`);
    }
  }
}

/** The style of ipywidgets, once; live.css comes with every page. */
function style() {
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = new URL("../vendor/live/libraries.css", import.meta.url).href;
  const loaded = new Promise((done, failed) => {
    link.addEventListener("load", done);
    link.addEventListener("error", () => failed(new Error("a style sheet is missing")));
  });
  document.head.append(link);
  return loaded;
}

/** Make the page live; its session. `bar` is {element, button, words}: what was pressed. */
export async function goLive(bar) {
  const session = new Session(bar);
  await session.start();
  return session;
}
