// The button "Run the code on this page", on each page that has code; "How to run this page" where
// no server of `make live` sent it. Nothing else of the live cells is loaded before it is pressed.
// The kernel is on the server that the page itself came from, and that server is on this machine;
// no query string and no stored setting changes that.
(() => {
  const here = document.currentScript.src;
  const LOOPBACK = ["127.0.0.1", "localhost", "[::1]"];

  // A server of `make live` says so with each page.
  const served = LOOPBACK.includes(location.hostname)
    && document.cookie.split("; ").includes(`book-live-${location.port}=1`);

  /** A link to where the start page says how to run the book. */
  function how() {
    const link = document.createElement("a");
    link.href = new URL("../intro.html#run-it", here).href;
    link.textContent = "how to run the book";
    return link;
  }

  const start = ["To run it, type ", code("make live"), " in a clone of the book: "];

  function code(text) {
    const element = document.createElement("code");
    element.textContent = text;
    return element;
  }

  /** Why this page cannot have a kernel, as nodes of a sentence; null if it can. */
  async function missing() {
    if (!served) {
      return ["There is no Python behind this copy of the book. ", ...start, how(), "."];
    }
    const about = await fetch(new URL("../live.json", here), { cache: "no-store" })
      .then((answer) => (answer.ok ? answer.json() : null))
      .catch(() => null);
    if (!about?.live) {
      return ["The server of this page has no Python, or it has ended. ", ...start, how(), "."];
    }
    if (!about.admitted) {
      return ["This browser was not let in. Open the address that ", code("make live"), " gave."];
    }
    return null;
  }

  function bar() {
    const element = document.createElement("div");
    element.className = "live-bar d-print-none";
    const button = document.createElement("button");
    button.type = "button";
    button.className = `live-button ${served ? "live-start" : "live-how"}`;
    button.textContent = served ? "Run the code on this page" : "How to run this page";
    const words = document.createElement("p");
    words.className = "live-words";
    words.setAttribute("role", "status");
    element.append(button, words);
    button.addEventListener("click", () => press(element, button, words));
    return element;
  }

  let session = null;

  async function press(element, button, words) {
    if (session) return void session.runAll();
    if (button.getAttribute("aria-disabled") === "true") return;
    button.setAttribute("aria-disabled", "true"); // not `disabled`: that would lose the focus
    words.textContent = "Looking for Python …";
    try {
      const why = await missing();
      if (why) {
        words.replaceChildren(...why);
        return;
      }
      const { goLive } = await import(new URL("live/page.js", here).href);
      session = await goLive({ element, button, words });
    } catch (error) {
      words.textContent = `The page could not be made live: ${error.message}`;
      console.warn(error);
    } finally {
      button.removeAttribute("aria-disabled");
    }
  }

  function addBar() {
    const title = document.querySelector("article.bd-article h1");
    if (title && document.querySelector("article div.cell div.cell_input")) title.after(bar());
  }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", addBar);
  else addBar();
})();
