// Which secret came behind the # of a link? It is never sent as part of an address: it is put into the form, and taken
// out of the address bar. Without scripts it can be typed.
"use strict";
(() => {
  const said = window.location.hash.slice(1);
  const field = document.querySelector("[data-from-fragment]");
  if (!said || !field) return;
  window.history.replaceState(null, "", window.location.pathname + window.location.search);
  field.value = said;
  if (field.form.dataset.atOnce) field.form.requestSubmit();
})();
