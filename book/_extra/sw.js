// Keeps what was read, for reading without a network. Pages register it by _static/site.js.
//
// A file whose address says its version is taken from what is kept. Anything else comes from the network, so that a new
// build shows at once; what is kept stands in when the network fails or is slow.

const KEPT = "read";
const PATIENCE = 3000; // milliseconds that a kept page waits for the network
const VERSIONED = /[?&](v|digest)=/;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

/** Puts an answer where older versions of it stood. @param {Request | string} request @param {Response} response */
async function keep(request, response) {
  const cache = await caches.open(KEPT);
  await cache.delete(request, { ignoreSearch: true });
  await cache.put(request, response);
}

/** @param {Request} request */
async function fromNetwork(request) {
  const response = await fetch(request, { cache: "no-cache" }); // ask, even where the browser thinks its copy is fresh
  if (response.ok && response.type === "basic") await keep(request, response.clone());
  return response;
}

/** A page for an address that was never read, with those that were. */
async function unread() {
  const cache = await caches.open(KEPT);
  const items = [];
  for (const request of await cache.keys()) {
    const response = await cache.match(request);
    if (!response?.headers.get("content-type")?.startsWith("text/html")) continue;
    const title = (await response.text()).match(/<title>\s*([^<]*?)\s*<\/title>/)?.[1].split(" — ")[0].split(" &#8212; ")[0];
    items.push(`<li><a href="${new URL(request.url).pathname}">${title || "A page"}</a></li>`);
  }
  const body = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Not read yet</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>:root{color-scheme:light dark}body{font:1.1rem/1.6 system-ui,sans-serif;max-width:40rem;margin:3rem auto;padding:0 1rem}li{margin:.4rem 0}</style>
</head><body><main><h1>This page was not read yet</h1>
<p>There is no network, and only pages that were read before are kept. These are:</p><ul>${items.sort().join("")}</ul></main></body></html>`;
  return new Response(body, { status: 503, headers: { "content-type": "text/html; charset=utf-8" } });
}

/** @param {Request} request */
async function answer(request) {
  const cache = await caches.open(KEPT);
  const same = await cache.match(request);
  if (same && VERSIONED.test(request.url)) return same;
  const old = same ?? (await cache.match(request, { ignoreSearch: true })); // an older version is better than none
  const network = fromNetwork(request);
  network.catch(() => {}); // it may fail after the kept answer was given
  try {
    if (!old) return await network;
    return await Promise.race([network, new Promise((resolve) => setTimeout(resolve, PATIENCE, old))]);
  } catch {
    return old ?? (request.mode === "navigate" ? unread() : Response.error());
  }
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin || request.headers.has("range")) return;
  event.respondWith(answer(request));
});

// A page that was loaded before there was a worker tells what it is made of.
self.addEventListener("message", (event) => {
  const { addresses } = event.data;
  event.waitUntil(
    Promise.allSettled(
      addresses.map(async (/** @type {string} */ address) => {
        const request = new Request(address);
        if (!(await (await caches.open(KEPT)).match(request))) await fromNetwork(request);
      }),
    ).then(() => event.source?.postMessage("kept")),
  );
});
