// What every page of the site does beside its widgets: it prints, and it is kept for reading without a network.

// Paper is light, and has every widget, whether the reader came by it or not. Drawing takes a moment, for which only a
// print that begins here waits; one from the browser's menu has what was drawn before.
const html = document.documentElement;
/** @type {string | undefined} */
let onScreen;
const toPaper = async () => {
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
});

// What is wider than its column scrolls within itself, by the keyboard too; nothing else is a tab stop.
const column = new ResizeObserver((sizes) => {
  for (const { target } of sizes) {
    if (target.scrollWidth > target.clientWidth) target.setAttribute("tabindex", "0");
    else target.removeAttribute("tabindex");
  }
});
for (
  const wide of document.querySelectorAll(
    "div.math, span.math.wide, .drawing-frame, .bd-article table, .pst-scrollable-table-container",
  )
) {
  column.observe(wide);
}

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
  try {
    localStorage.setItem("code", open ? "open" : "");
  } catch {
    // A browser that keeps nothing: for this page alone.
  }
});
try {
  if (localStorage.getItem("code")) showCode(true);
} catch {
  // As above.
}

// Not on this computer's own address: there, other sites follow each other at the same one.
const own = /^(localhost|127\.|\[::1\])/.test(location.hostname);

if (navigator.serviceWorker && !own) {
  const root = new URL(document.documentElement.dataset.content_root ?? "./", location.href);
  const note = () => {
    if (document.querySelector(".offline-note")) return;
    const line = document.createElement("p");
    line.className = "offline-note";
    line.textContent = "This page is kept: it can be read without a network.";
    document.querySelector(".bd-footer")?.append(line);
  };
  navigator.serviceWorker.addEventListener("message", (event) => event.data === "kept" && note());
  window.addEventListener("load", async () => {
    try {
      await navigator.serviceWorker.register(new URL("sw.js", root), { updateViaCache: "none" });
      const { active } = await navigator.serviceWorker.ready;
      // Without the pages that the search looked into.
      const used = performance.getEntriesByType("resource").map(({ name }) => name).filter((name) =>
        !/\.html/.test(name)
      );
      const pictures = [...document.images].map((picture) => picture.src); // of which those further down wait
      const state = document.querySelector('script[type$="widget-state+json"]')?.textContent ?? "";
      const films = (state.match(/_images\/[\w.-]+/g) ?? []).map((name) => new URL(name, location.href).href);
      const addresses = [location.href.split("#")[0], ...used, ...pictures, ...films].filter((one) =>
        one.startsWith(root.origin)
      );
      if (!(/** @type {any} */ (navigator)).connection?.saveData) {
        active?.postMessage({ addresses: [...new Set(addresses)] });
      }
    } catch {
      // A browser that keeps nothing (a private window, say) reads the page all the same.
    }
  });
}
