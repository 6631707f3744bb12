// What every page does in the browser: says changes aloud, says when the town cannot be reached,
// and asks before grave acts. It keeps nothing in the browser. Everything works without it, too.
"use strict";
(() => {
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  let spoken = one("[data-announce]")?.textContent.trim();
  const announce = () => {
    const now = one("[data-announce]")?.textContent.trim();
    if (now && now !== spoken) one("#announcer").textContent = now;
    spoken = now;
  };

  const reachable = (yes) => {
    const note = one("#offline");
    note.hidden = yes;
    note.textContent = yes ? "" : note.dataset.text;
  };

  const ask = (form) => {
    const dialog = document.getElementById(form.dataset.confirm);
    if (!dialog?.showModal) return;
    form.addEventListener("submit", (event) => {
      if (form.dataset.agreed) return;
      event.preventDefault();
      for (const slot of all("[data-from]", dialog)) {
        slot.textContent = form.elements[slot.dataset.from]?.value ?? "";
      }
      dialog.showModal();
    });
    dialog.addEventListener("close", () => {
      if (dialog.returnValue !== "yes") return;
      form.dataset.agreed = "yes";
      form.requestSubmit();
    });
  };

  const mirror = (field) => {
    const shown = () => {
      for (const slot of all(`[data-mirror="${field.id}"]`)) slot.textContent = field.value;
    };
    field.addEventListener("input", shown);
  };

  const start = (root) => {
    all("form[data-confirm]", root).forEach(ask);
    all("[data-mirrored]", root).forEach(mirror);
    for (const button of all("[data-print]", root)) { button.hidden = false; button.addEventListener("click", () => window.print()); }
  };

  start(document);
  document.body.addEventListener("htmx:afterSettle", () => { reachable(true); announce(); });
  document.body.addEventListener("htmx:sendError", () => reachable(false));
  document.body.addEventListener("htmx:responseError", () => reachable(false));
})();
