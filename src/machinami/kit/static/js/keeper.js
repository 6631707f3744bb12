// A service worker that keeps pages which must work without a line: what was seen last is shown when nothing comes. It
// keeps only pages that ask for it (queue.js) and what they are made of, and sends nothing by itself.
"use strict";
const KEPT = "machinami-kept-1";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const asked = new URL(event.request.url);
  if (event.request.method !== "GET" || asked.origin !== self.location.origin) return;
  event.respondWith((async () => {
    const kept = await caches.open(KEPT);
    try {
      const answer = await fetch(event.request);
      if (answer.ok && (await kept.match(event.request, { ignoreVary: true }))) await kept.put(event.request, answer.clone());
      return answer;
    } catch (error) {
      const known = await kept.match(event.request, { ignoreVary: true }) || await kept.match(event.request, { ignoreVary: true, ignoreSearch: true });
      if (known) return known;
      throw error;
    }
  })());
});
