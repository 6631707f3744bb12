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

  // A form marked data-choose wants one of its choices at least; a field marked data-needed-by="name=value" is needed
  // once that is chosen. The town refuses the form as well; here nothing that was typed is lost by it.
  const choose = (form) => {
    const first = one("input[type=radio], input[type=checkbox]", form);
    const judge = () => {
      first?.setCustomValidity(one("input:checked", form) ? "" : form.dataset.choose);
      for (const field of all("[data-needed-by]", form)) {
        const [name, value] = field.dataset.neededBy.split("=");
        field.required = form.elements[name]?.value === value;
      }
    };
    form.addEventListener("change", judge);
    judge();
  };

  const mirror = (field) => {
    const shown = () => {
      for (const slot of all(`[data-mirror="${field.id}"]`)) slot.textContent = field.value;
    };
    field.addEventListener("input", shown);
  };

  const start = (root) => {
    all("form[data-confirm]", root).forEach(ask);
    all("form[data-choose]", root).forEach(choose);
    all("[data-mirrored]", root).forEach(mirror);
    for (const button of all("[data-print]", root)) { button.hidden = false; button.addEventListener("click", () => window.print()); }
  };

  start(document);
  document.body.addEventListener("htmx:afterSettle", () => { reachable(true); announce(); });
  document.body.addEventListener("htmx:sendError", () => reachable(false));
  document.body.addEventListener("htmx:responseError", () => reachable(false));
})();
