/// <reference lib="webworker" />

// Keeps the pages that were read, for reading without a network. site.js registers it, and tells it of each page.
//
// It can only help: the network answers first, and alone where the store fails. What is kept has the digest that the
// site's list of files says (kept_files.py), so it is whole, and all of it belongs to one build.

const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));
const { scope } = worker.registration;
const STORE = `book ${scope}`; // other sites of this host have theirs
const LIST = `${scope}files.json`;
const PATIENCE = 3000; // milliseconds that a kept page waits for the network
const VERSIONED = /[?&](v|digest)=|\/_images\/[0-9a-f]{64}\./;
const PAGE = /\.html$/;

worker.addEventListener("install", () => worker.skipWaiting());
worker.addEventListener("activate", (event) => event.waitUntil(worker.clients.claim()));

/** A page has one name, without what is searched for in it. @param {string} address */
const named = (address) => address.split("#")[0].replace(/\/(?=\?|$)/, "/index.html").replace(/(\.html)\?.*/, "$1");

/** @template T @param {T} value @returns {Promise<T>} */
const later = (value) => new Promise((resolve) => setTimeout(resolve, PATIENCE, value));

const opened = async () => await caches.open(STORE);

/** What is kept; nothing where the store cannot be had. @param {string} address @param {CacheQueryOptions} [options] */
const kept = (address, options) => opened().then((store) => store.match(named(address), options)).catch(() => {});

/** @param {FetchEvent} event */
async function answer({ request }) {
  const { url } = request;
  const isPage = request.mode === "navigate";
  const same = VERSIONED.test(url) && await Promise.race([kept(url), later(undefined)]);
  if (same) return same;
  const network = fetch(request, isPage ? { cache: "no-cache" } : {}); // a page is asked for, however fresh a copy seems
  const old = kept(url, { ignoreSearch: true }); // another version is better than none
  try {
    const response = await Promise.race([network, old.then((one) => (isPage && one ? later(one) : network))]);
    if (response.status === 404 && isPage) opened().then((store) => store.delete(named(url))).catch(() => {});
    return response.status >= 500 ? (await Promise.race([old, later(response)])) ?? response : response;
  } catch (error) {
    return (await old) ?? (isPage ? unread() : Promise.reject(error));
  }
}

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || !request.url.startsWith(scope) || request.headers.has("range")) return;
  event.respondWith(answer(event).catch(() => fetch(request)));
});

/** A page for an address that was never read, with those that were. */
async function unread() {
  const store = await opened();
  const items = [];
  for (const { url } of (await store.keys()).filter(({ url }) => PAGE.test(url))) {
    const title = (await (await store.match(url))?.text())?.match(/<title>\s*([^<]*?)\s*(—|&#8212;|<)/)?.[1];
    items.push(`<li><a href="${new URL(url).pathname}">${title || "A page"}</a></li>`);
  }
  const body = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Not read yet</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>:root{color-scheme:light dark}body{font:1.1rem/1.6 system-ui,sans-serif;max-width:40rem;margin:3rem auto;padding:0 1rem}li{margin:.4rem 0}</style>
</head><body><main><h1>This page was not read yet</h1>
<p>There is no network, and only pages that were read before are kept. These are:</p><ul>${items.sort().join("")}</ul>
</main></body></html>`;
  return new Response(body, { status: 503, headers: { "content-type": "text/html; charset=utf-8" } });
}

/** Has a file in the store as the site has it now. @param {Cache} store @param {string} url @param {string} digest */
async function keep(store, url, digest) {
  if ((await store.match(url))?.headers.get("digest") === digest) return;
  const response = await fetch(url, { cache: "no-cache" });
  const bytes = await response.arrayBuffer();
  const found = btoa(String.fromCharCode(...new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))));
  if (!found.startsWith(digest)) throw new Error(`${url} is not what the site's list says`);
  const headers = { digest, "content-type": response.headers.get("content-type") ?? "" };
  await store.put(url, new Response(bytes, { headers }));
}

/** Keeps a page; in a new build all that were kept, and drops what it has no more. @param {string} page */
async function bringUpToDate(page) {
  const store = await opened();
  const list = await (await fetch(LIST, { cache: "no-cache" })).text();
  const digests = new Map(Object.entries(JSON.parse(list)));
  const digest = (/** @type {string} */ url) => digests.get(url.slice(scope.length).replace(/\?.*/, ""));
  const isNew = list !== await (await store.match(LIST))?.text();
  const before = (await store.keys()).map(({ url }) => url);
  const pages = new Set([page, ...before.filter((url) => isNew && PAGE.test(url))]);
  const parts = new Set([LIST]);
  const wanted = new Set();
  let [whole, full] = [true, false];
  const failed = (/** @type {Error} */ { name }) => ([whole, full] = [false, full || name === "QuotaExceededError"]);
  for (const url of pages) { // before scripts and pictures: there may not be room for all
    if (!digest(url)) await store.delete(url);
    const isNow = digest(url) && await keep(store, url, digest(url)).then(() => true, (error) => void failed(error));
    const text = await (await store.match(url))?.text() ?? "";
    for (const [, link, film] of text.matchAll(/\s(?:src|href)="([^"#:]+)"|(\b_images\/[\w.-]+)/g)) {
      const part = new URL(link ?? film, url).href;
      parts.add(part);
      if (isNow && digest(part) && !PAGE.test(named(part))) wanted.add(part);
    }
  }
  for (const part of wanted) await keep(store, part, digest(part)).catch(failed);
  for (const url of isNew && (whole || full) ? before : []) {
    if (!PAGE.test(url) && !parts.has(url)) await store.delete(url);
  }
  if (isNew && whole) await store.put(LIST, new Response(list)).catch(() => {}); // or all is looked at again
  return whole && Boolean(digest(page));
}

// One after the other, or one would drop what the other keeps.
let turn = Promise.resolve();
worker.addEventListener("message", (event) => {
  turn = turn.then(async () => {
    event.source?.postMessage(await bringUpToDate(named(event.data.page)) ? "kept" : "kept in part");
  }).catch(console.warn);
  event.waitUntil(turn);
});
