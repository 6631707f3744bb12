// How does this browser register and show a passkey? Without it, or where it fails, the password still works.
"use strict";
(() => {
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const token = () => document.querySelector('input[name="form_token"]')?.value ?? "";

  const post = async (path, document_) => {
    const answer = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Form-Token": token() },
      body: JSON.stringify(document_),
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
    return answer.json();
  };

  const plain = (credential) => {
    const { response } = credential;
    const shown = { clientDataJSON: text(response.clientDataJSON) };
    for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (response[name]) shown[name] = text(response[name]);
    }
    return { id: credential.id, rawId: text(credential.rawId), type: credential.type, response: shown };
  };

  const register = async (name) => {
    const options = await post("/identity/passkeys/registration", {});
    options.challenge = bytes(options.challenge);
    options.user.id = bytes(options.user.id);
    for (const one of options.excludeCredentials ?? []) one.id = bytes(one.id);
    const made = await navigator.credentials.create({ publicKey: options });
    return post("/identity/passkeys", { ...plain(made), name });
  };

  const signIn = async (next) => {
    const options = await post("/identity/passkeys/challenge", {});
    options.challenge = bytes(options.challenge);
    for (const one of options.allowCredentials ?? []) one.id = bytes(one.id);
    const shown = await navigator.credentials.get({ publicKey: options });
    return post("/identity/passkeys/session", { ...plain(shown), next });
  };

  const offer = (place, act) => {
    if (!place || !window.PublicKeyCredential) return;
    place.hidden = false;
    place.querySelector("button").addEventListener("click", async () => {
      const fault = document.getElementById("passkey-fault");
      fault.hidden = true;
      try {
        window.location.assign((await act()).next);
      } catch {
        fault.hidden = false;
      }
    });
  };

  document.addEventListener("DOMContentLoaded", () => {
    const entrance = document.getElementById("by-passkey");
    offer(entrance, () => signIn(entrance.dataset.onward));
    offer(document.getElementById("add-passkey"), () => register(document.getElementById("passkey-name").value));
  });
})();
