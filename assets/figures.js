// Shows stored figures (anywidgets) on a page, with no kernel: reads the notebook's widget state
// that the page carries and hands each figure a model of its own. A figure that fails leaves its
// static picture and a sentence; the rest of the page works.
(() => {
  const MIME = "application/vnd.jupyter.widget-";
  const modules = new Map(); // one module for each distinct text

  function load(text) {
    if (!modules.has(text)) {
      const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
      modules.set(text, import(url).finally(() => URL.revokeObjectURL(url)));
    }
    return modules.get(text);
  }

  /** The state that the address hands to the figure called `key` ("perceptron", "perceptron-2"). */
  function shared(key) {
    try {
      return JSON.parse(new URLSearchParams(location.search).get(key) ?? "{}");
    } catch {
      return { unreadable: true }; // the figure says that the link's state does not fit
    }
  }

  /** What an anywidget expects of a model, without a kernel behind it. */
  function model(state, host) {
    const heard = new Map();
    const tell = (event, ...said) => [...(heard.get(event) ?? [])].forEach((hear) => hear(...said));
    const here = {
      get: (name) => state[name],
      set(name, value) {
        for (const [k, v] of Object.entries(typeof name === "object" ? name : { [name]: value })) {
          if (state[k] === v) continue;
          state[k] = v;
          tell(`change:${k}`, here, v);
        }
        tell("change", here);
      },
      on(events, hear) {
        for (const event of events.split(/\s+/)) {
          heard.set(event, (heard.get(event) ?? new Set()).add(hear));
        }
      },
      off(events, hear) {
        if (!events) return heard.clear();
        for (const event of events.split(/\s+/)) {
          if (hear) heard.get(event)?.delete(hear);
          else heard.delete(event);
        }
      },
      save_changes() {},
      send() {},
      widget_manager: null,
      /** The address of this figure in a given state. */
      link(name, values) {
        const url = new URL(location.href);
        url.search = "";
        url.searchParams.set(host.dataset.key, JSON.stringify(values));
        url.hash = host.id;
        return url.href;
      },
      get shared() {
        return shared(host.dataset.key);
      },
    };
    return here;
  }

  async function show(host, record) {
    const el = document.createElement("div");
    try {
      const loaded = (await load(record._esm)).default;
      const widget = typeof loaded === "function" ? await loaded() : loaded;
      const own = model(record, host);
      const signal = new AbortController().signal;
      await widget.initialize?.({ model: own, signal });
      el.addEventListener("bp-failed", () => host.toggleAttribute("data-failed", true));
      host.append(el);
      await widget.render({ model: own, el, signal });
      host.toggleAttribute("data-ready", !host.hasAttribute("data-failed"));
    } catch (error) {
      console.error(error);
      host.toggleAttribute("data-failed", true);
      const said = document.createElement("p");
      said.className = "bp-failed";
      said.setAttribute("role", "alert");
      said.textContent = `This figure could not be started: ${error.message}. The rest of the page works.`;
      el.replaceChildren(said);
      if (!el.isConnected) host.append(el);
    }
    host.dispatchEvent(new CustomEvent("bp-shown", { bubbles: true }));
  }

  function start() {
    const stored = document.querySelector(`script[type="${MIME}state+json"]`);
    if (!stored) return;
    const { state } = JSON.parse(stored.textContent);
    const counts = {};
    const styles = new Set();
    const near = new IntersectionObserver((entries) => {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting) continue;
        near.unobserve(target);
        target.start();
      }
    }, { rootMargin: "800px" });
    for (const view of document.querySelectorAll(`script[type="${MIME}view+json"]`)) {
      const record = state[JSON.parse(view.textContent).model_id]?.state;
      const host = view.closest(".bp-host");
      if (!record?._esm || !host) {
        console.error("This output is no stored figure:", view);
        continue;
      }
      if (record._css && !styles.has(record._css)) {
        styles.add(record._css);
        document.head.append(Object.assign(document.createElement("style"), {
          textContent: record._css,
        }));
      }
      const name = record._anywidget_id.split(".").at(-1).toLowerCase();
      counts[name] = (counts[name] ?? 0) + 1;
      host.dataset.key = counts[name] > 1 ? `${name}-${counts[name]}` : name;
      host.id ||= `figure-${host.dataset.key}`;
      // Each view has a state of its own, even where a notebook shows one object twice.
      host.start = () => show(host, structuredClone(record));
      if (new URLSearchParams(location.search).has(host.dataset.key)) host.start();
      else near.observe(host);
    }
    // The figure that a link names has an id only now: go there once it has its size.
    const wanted = location.hash.slice(1);
    const goal = wanted ? document.getElementById(wanted) : null;
    if (goal?.classList.contains("bp-host")) {
      goal.addEventListener("bp-shown", () => goal.scrollIntoView({ block: "start" }), { once: true });
    }
    // Print has the pictures; a browser may otherwise not have loaded a hidden one.
    addEventListener("beforeprint", () => {
      for (const picture of document.querySelectorAll(".bp-picture img")) picture.loading = "eager";
    });
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
