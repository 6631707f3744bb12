// Being told in this browser: asks for leave, takes what the push service gives, and hands it in with the form.
(() => {
  const button = document.getElementById("push");
  const form = document.getElementById("subscribe");
  const said = document.getElementById("push-said");
  if (!button || !form) return;
  if (!("serviceWorker" in navigator) || !("PushManager" in window)) {
    said.textContent = button.dataset.no;
    return;
  }
  button.hidden = false;
  const bytes = text => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), letter => letter.charCodeAt(0));
  const field = (name, value) => { form.elements[name].value = value; };
  button.addEventListener("click", async () => {
    form.elements.address.required = false;
    if (!form.reportValidity()) return;
    if (await Notification.requestPermission() !== "granted") {
      said.textContent = button.dataset.denied;
      return;
    }
    try {
      const key = await (await fetch("/services/messages/push-key")).text();
      const worker = await navigator.serviceWorker.register("/services/messages/worker.js", { scope: "/services/messages/" });
      const padded = key + "=".repeat((4 - key.length % 4) % 4);
      const told = (await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(padded) })).toJSON();
      field("road", "push");
      field("address", told.endpoint);
      field("p256dh", told.keys.p256dh);
      field("auth", told.keys.auth);
      form.submit();
    } catch (error) {
      said.textContent = button.dataset.no;
    }
  });
})();
