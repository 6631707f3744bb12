// Forms that may be filled in without a line: each becomes a report with an id of its own and the moment at which it was
// so; it waits in this browser until the town has said that it has it. The town takes the same id once, so sending again
// does no harm. Without scripts the forms are sent as any other.
"use strict";
(() => {
  const box = document.getElementById("queue");
  if (!box || !window.localStorage) return;
  const { place, address } = box.dataset;
  const key = `machinami-reports:${place}`;
  const signs = ["who", "role"];
  const forms = [...document.querySelectorAll("form[data-queued]")];
  const read = () => { try { return JSON.parse(localStorage.getItem(key)) || []; } catch { return []; } };
  const write = (rows) => localStorage.setItem(key, JSON.stringify(rows));
  const id = () => [...crypto.getRandomValues(new Uint8Array(16))].map((n) => n.toString(16).padStart(2, "0")).join("");
  let sending = false;
  let news = "";

  const show = () => {
    const rows = read();
    box.hidden = !rows.length && !news;
    box.querySelector("[data-state]").textContent = [news, rows.length ? box.dataset.waiting.replace("{count}", rows.length) : ""].filter(Boolean).join(" ");
    box.querySelector("[data-list]").replaceChildren(...rows.map((row) => {
      const item = document.createElement("li");
      const drop = document.createElement("button");
      item.className = "rule";
      item.append(`${row.said} ${row.text} ${row.why ? `— ${box.dataset.refused} ${row.why}` : ""}`);
      drop.type = "button";
      drop.className = "quiet";
      drop.textContent = box.dataset.drop;
      drop.addEventListener("click", () => { write(read().filter((one) => one.id !== row.id)); show(); });
      item.append(drop);
      return item;
    }));
  };

  const send = async () => {
    const waiting = read().filter((row) => !row.why);
    if (sending || !waiting.length) return;
    sending = true;
    const { who, role } = waiting[0];  // whoever signed is sent with what they signed
    const rows = waiting.filter((row) => row.who === who && row.role === role);
    try {
      const body = new URLSearchParams({ place, who, role, reports: JSON.stringify(rows.map((row) => row.fields)) });
      const token = document.querySelector("input[name=form_token]");
      if (token) body.set("form_token", token.value);
      const answer = await fetch(address, { method: "POST", body, headers: { Accept: "application/json" } });
      if (!answer.ok) { news = box.dataset.sign; return; }
      const { taken, refused } = await answer.json();
      const why = new Map(refused);
      write(read().filter((row) => !taken.includes(row.id)).map((row) => (why.has(row.id) ? { ...row, why: why.get(row.id) } : row)));
      news = taken.length ? box.dataset.sent.replace("{count}", taken.length) : "";
    } catch {
      news = box.dataset.offline;
    } finally {
      sending = false;
      show();
      if (!news.startsWith(box.dataset.offline) && news !== box.dataset.sign && read().some((row) => !row.why)) send();
    }
  };

  const queue = (form) => {
    const fields = Object.fromEntries(new FormData(form));
    const { who, role } = fields;
    for (const name of [...signs, "place", "form_token"]) delete fields[name];
    fields.id = id();
    fields.at = new Date().toISOString();
    const text = [...form.querySelectorAll("input[type=number], select, input[type=text]")]
      .filter((field) => !signs.includes(field.name) && field.value)
      .map((field) => (field.tagName === "SELECT" ? field.selectedOptions[0].textContent : field.value)).join(" ");
    write([...read(), { id: fields.id, who, role, said: form.dataset.said, text, fields }]);
    for (const field of form.querySelectorAll("input[type=number], input[type=text], input[type=date]")) {
      if (!signs.includes(field.name)) field.value = "";
    }
    show();
    box.scrollIntoView({ block: "nearest" });
    send();
  };

  for (const form of forms) {
    form.addEventListener("submit", (event) => { event.preventDefault(); queue(form); });
    for (const name of signs) {
      form.elements[name]?.addEventListener("change", (event) => {
        for (const other of forms) if (other.elements[name]) other.elements[name].value = event.target.value;
      });
    }
  }
  window.addEventListener("online", send);
  window.setInterval(send, 15000);
  show();
  send();

  const keep = async () => {
    await navigator.serviceWorker.register(box.dataset.worker, { scope: box.dataset.scope });
    const kept = await caches.open("machinami-kept-1");
    const parts = performance.getEntriesByType("resource").map((one) => one.name).filter((name) => new URL(name).origin === location.origin && name.includes("/static/"));
    await Promise.allSettled([location.pathname, ...new Set(parts)].map((one) => kept.add(one)));
    box.dataset.kept = "yes";
  };
  if ("serviceWorker" in navigator && window.caches) keep().catch(() => {});
})();
