// What every page of the site does beside its widgets: it prints, and it is kept for reading without a network.

// Paper is light, and has every widget, whether the reader came by it or not. Drawing takes a moment, for which only a
// print that begins here waits; one from the browser's menu has what was drawn before.
const html = document.documentElement;
/** @type {string | undefined} */
let onScreen;
/** @type {Set<HTMLDetailsElement>} */
const opened = new Set();
const toPaper = async () => {
  for (const fold of /** @type {NodeListOf<HTMLDetailsElement>} */ (document.querySelectorAll(".fold:not([open])"))) {
    fold.open = true;
    opened.add(fold);
  }
  onScreen ??= html.dataset.theme;
  html.dataset.theme = "light";
  /** @type {Promise<void>[]} */
  const drawn = [];
  document.dispatchEvent(new CustomEvent("to-paper", { detail: drawn }));
  await Promise.all(drawn);
  for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
};
const print = async () => {
  await toPaper();
  window.print();
};
for (const button of document.querySelectorAll("[data-print]")) button.addEventListener("click", print);
window.addEventListener("keydown", (event) => {
  if (event.key !== "p" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
  event.preventDefault();
  print();
});
window.addEventListener("beforeprint", toPaper);
window.addEventListener("afterprint", () => {
  html.dataset.theme = onScreen;
  onScreen = undefined;
  for (const fold of opened) fold.open = false;
  opened.clear();
});

// What is folded opens for a link that leads to it or into it.
const follow = () => {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const shut = [target?.closest(".fold"), target?.querySelector(":scope > .fold")].filter((fold) => fold);
  for (const fold of shut) fold?.setAttribute("open", "");
  if (shut.length) target?.scrollIntoView();
};
window.addEventListener("hashchange", follow);
follow();

// What is wider than its column scrolls within itself, by the keyboard too; nothing else is a tab stop.
const column = new ResizeObserver((sizes) => {
  for (const { target } of sizes) {
    if (target.scrollWidth > target.clientWidth) target.setAttribute("tabindex", "0");
    else target.removeAttribute("tabindex");
  }
});
for (
  const wide of document.querySelectorAll(
    "div.math, span.math.wide, .drawing-frame, figure > .output, .bd-article table, .pst-scrollable-table-container",
  )
) {
  column.observe(wide);
}

// How far the reader is, how long the rest takes, and what was read: a page whose end was seen.
const article = document.querySelector(".bd-article");
const here = location.pathname.replace(/.*\//, "") || "index.html";
/** @type {Set<string>} */
const read = new Set(localStorage.getItem("read")?.split(" "));
const ticks = () => {
  for (
    const link of /** @type {NodeListOf<HTMLAnchorElement>} */ (document.querySelectorAll(".bd-links a.reference"))
  ) {
    const name = link.pathname.replace(/.*\//, "");
    if (!read.has(name) || link.querySelector(".was-read")) continue;
    const tick = document.createElement("span");
    tick.className = "was-read";
    tick.setAttribute("role", "img");
    tick.setAttribute("aria-label", "read");
    tick.textContent = "✓";
    link.append(tick);
  }
};
const minutes = Number(document.querySelector(".chapter-meta")?.textContent?.match(/Time\.\s+(\d+) minutes/)?.[1]);
if (article && minutes) {
  const bar = document.createElement("div");
  bar.className = "reading-bar";
  const left = document.createElement("p");
  left.className = "minutes-left";
  document.body.append(bar);
  document.querySelector(".bd-header-article .header-article-items__start")?.append(left);
  const look = () => {
    const { top, height } = article.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, -top / (height - innerHeight)));
    bar.style.setProperty("--read", share.toFixed(3));
    const rest = Math.ceil(minutes * (1 - share));
    left.textContent = rest > 1 ? `${rest} minutes left` : rest ? "1 minute left" : "";
    if (share < 0.98 || read.has(here)) return;
    localStorage.setItem("read", [...read.add(here)].join(" "));
    ticks();
  };
  document.addEventListener("scroll", look, { passive: true });
  look();
}
ticks();

// All code at once, as the reader had it last.
const button = document.querySelector(".code-switch button");
/** @param {boolean} open */
const showCode = (open) => {
  for (const fold of document.querySelectorAll(".folded-code > details")) fold.toggleAttribute("open", open);
  button?.setAttribute("aria-pressed", String(open));
};
button?.addEventListener("click", () => {
  const open = button.getAttribute("aria-pressed") !== "true";
  showCode(open);
  localStorage.setItem("code", open ? "open" : "");
});
if (localStorage.getItem("code")) showCode(true);

// Not on this computer's own address: there, other sites follow each other at the same one.
const own = /^(localhost|127\.|\[::1\])/.test(location.hostname);

/** @param {ServiceWorkerContainer} workers */
const beKept = async (workers) => {
  const root = new URL(document.documentElement.dataset.content_root ?? "./", location.href);
  workers.addEventListener("message", ({ data }) => {
    const line = document.querySelector(".offline-note") ?? document.createElement("p");
    line.className = "offline-note";
    line.textContent = data === "kept"
      ? "This page is kept: it can be read without a network."
      : "Not all of this page could be kept: without a network, parts of it may be missing.";
    document.querySelector(".bd-footer")?.append(line);
  });
  await workers.register(new URL("sw.js", root), { updateViaCache: "none" });
  const { active } = await workers.ready;
  if (/** @type {any} */ (navigator).connection?.saveData) return;
  active?.postMessage({ page: location.href });
};
if (!own) {
  window.addEventListener("load", async () => {
    try {
      await beKept(navigator.serviceWorker);
    } catch {
      // A browser that keeps nothing (a private window, say) reads the page all the same.
    }
  });
}
