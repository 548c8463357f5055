/// <reference lib="webworker" />

// Keeps what was read, for reading without a network. Pages register it by _static/site.js.
//
// A file whose address says its version, or is the digest of a picture, is taken from what is kept. Anything else comes
// from the network, so that a new build shows at once; what is kept stands in when the network fails or is slow.

const KEPT = "read";
const PATIENCE = 3000; // milliseconds that a kept page waits for the network
const VERSIONED = /[?&](v|digest)=|\/_images\/[0-9a-f]{64}\./;
const PAGE = /(\/|\.html)(\?|#|$)/;

const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));

worker.addEventListener("install", () => worker.skipWaiting());
worker.addEventListener("activate", (event) => event.waitUntil(worker.clients.claim()));

/** Puts an answer where older versions of it stood. @param {Request | string} request @param {Response} response */
async function keep(request, response) {
  const cache = await caches.open(KEPT);
  await cache.delete(request, { ignoreSearch: true });
  await cache.put(request, response);
}

/** The book's first page has two addresses. @param {string} address */
const named = (address) => address.replace(/\/(?=[?#]|$)/, "/index.html");

/** @param {Request} request @param {boolean} isRead whether what comes is kept */
async function fromNetwork(request, isRead) {
  const response = await fetch(request, { cache: "no-cache" }); // ask, even where the browser thinks its copy is fresh
  if (isRead && response.ok && response.type === "basic") {
    // A full disk takes nothing from the reader but the copy.
    await keep(named(request.url), response.clone()).catch(console.warn);
  }
  return response;
}

/** A page for an address that was never read, with those that were. */
async function unread() {
  const cache = await caches.open(KEPT);
  const items = [];
  for (const request of await cache.keys()) {
    const response = await cache.match(request);
    if (!response?.headers.get("content-type")?.startsWith("text/html")) continue;
    const title = (await response.text()).match(/<title>\s*([^<]*?)\s*<\/title>/)?.[1].split(" — ")[0].split(
      " &#8212; ",
    )[0];
    items.push(`<li><a href="${new URL(request.url).pathname}">${title || "A page"}</a></li>`);
  }
  const body = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Not read yet</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>:root{color-scheme:light dark}body{font:1.1rem/1.6 system-ui,sans-serif;max-width:40rem;margin:3rem auto;padding:0 1rem}li{margin:.4rem 0}</style>
</head><body><main><h1>This page was not read yet</h1>
<p>There is no network, and only pages that were read before are kept. These are:</p><ul>${
    items.sort().join("")
  }</ul></main></body></html>`;
  return new Response(body, { status: 503, headers: { "content-type": "text/html; charset=utf-8" } });
}

/** @param {FetchEvent} event */
async function answer(event) {
  const { request } = event;
  const cache = await caches.open(KEPT);
  const same = await cache.match(named(request.url));
  if (same && VERSIONED.test(request.url)) return same;
  const old = same ?? (await cache.match(named(request.url), { ignoreSearch: true })); // better than none
  // The search reads pages for its excerpts; the reader has not read those.
  const network = fromNetwork(request, request.mode === "navigate" || !PAGE.test(request.url));
  event.waitUntil(network.catch(() => {})); // it may end, or fail, after the kept answer was given
  try {
    if (!old) return await network;
    return await Promise.race([network, new Promise((resolve) => setTimeout(resolve, PATIENCE, old))]);
  } catch {
    return old ?? (request.mode === "navigate" ? unread() : Response.error());
  }
}

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== worker.location.origin || request.headers.has("range")) return;
  event.respondWith(answer(event));
});

// A page that has loaded tells what it is made of; what was loaded before there was a worker is fetched again. It is told
// whether all of it is kept.
worker.addEventListener("message", (event) => {
  const { addresses } = event.data;
  const all = addresses.map(async (/** @type {string} */ address) => {
    const cache = await caches.open(KEPT);
    if (!(await cache.match(named(address)))) await fromNetwork(new Request(address), true);
    if (!(await cache.match(named(address)))) throw new Error(`not kept: ${address}`);
  });
  const tell = (/** @type {string} */ what) => event.source?.postMessage(what);
  event.waitUntil(Promise.all(all).then(() => tell("kept"), () => tell("not kept")));
});
