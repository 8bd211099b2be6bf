// One kernel for one page: started, watched, interrupted, restarted, and ended with the page.
import { KernelManager, ServerConnection } from "../vendor/live/libraries.js";

const LOOPBACK = ["127.0.0.1", "localhost", "[::1]"];

/** How to reach the server that this page came from; it must be on this machine. */
function serverOfThisPage() {
  if (!LOOPBACK.includes(location.hostname)) {
    throw new Error(`kernels are taken from this machine alone, not from ${location.hostname}`);
  }
  return ServerConnection.makeSettings({
    baseUrl: `${location.origin}/`,
    wsUrl: `${location.origin.replace(/^http/, "ws")}/`,
    token: "", // the browser's cookie, which no script can read, stands in for it
    appendToken: false,
    init: { cache: "no-store", credentials: "same-origin" },
  });
}

/**
 * The page's kernel. `tell(state)` hears what becomes of it: "starting", "idle", "busy",
 * "restarting", "died" (and was started again), "dead", "lost" (no connection), "gone".
 */
export class PageKernel {
  constructor(tell) {
    this.tell = tell;
    this.settings = serverOfThisPage();
    this.kernel = null;
    this.replaced = []; // called with each new kernel: after a start, a restart, a death
    addEventListener("pagehide", () => this.leave());
  }

  async start() {
    this.tell("starting");
    this.manager ??= new KernelManager({ serverSettings: this.settings, standby: "when-hidden" });
    await this.manager.ready;
    this.kernel = await this.manager.startNew({ name: "python3", path: "" });
    this.kernel.statusChanged.connect((_, status) => this.onStatus(status));
    this.kernel.connectionStatusChanged.connect((_, status) => this.onConnection(status));
    this.kernel.disposed.connect((kernel) => {
      if (kernel === this.kernel) this.end("gone");
    });
    await this.kernel.info;
    for (const hear of this.replaced) hear(this.kernel);
    this.tell("idle");
  }

  /** Whether there is a kernel that could run something. */
  get alive() {
    return this.kernel !== null && !this.kernel.isDisposed && this.kernel.status !== "dead";
  }

  onStatus(status) {
    if (status === "autorestarting") {
      for (const hear of this.replaced) hear(this.kernel);
      this.tell("died");
    } else if (status === "dead") {
      this.tell("dead");
    } else if (["idle", "busy", "restarting", "starting"].includes(status)) {
      this.tell(status);
    }
  }

  onConnection(status) {
    if (status === "connected") this.tell(this.kernel.status);
    else if (this.kernel?.status !== "dead") this.tell("lost");
  }

  async interrupt() {
    await this.kernel.interrupt();
  }

  /** A fresh Python, whether the old one lives or not. */
  async restart() {
    if (!this.alive) return this.start();
    await this.kernel.restart();
    for (const hear of this.replaced) hear(this.kernel);
    await this.kernel.info;
  }

  end(state) {
    this.kernel = null;
    this.tell(state);
  }

  /** The page goes: its kernel goes with it, by a request that outlives the page. */
  leave() {
    if (!this.kernel) return;
    const { id } = this.kernel;
    const xsrf = document.cookie.match(/(?:^|;\s*)_xsrf=([^;]*)/)?.[1] ?? "";
    fetch(`${this.settings.baseUrl}api/kernels/${id}`, {
      method: "DELETE",
      keepalive: true,
      credentials: "same-origin",
      headers: { "X-XSRFToken": decodeURIComponent(xsrf) },
    }).catch(() => {}); // the server ends kernels that no page is connected to
    const { kernel } = this;
    this.end("gone"); // what a page shows that comes back from the browser's cache
    kernel.dispose();
  }
}
