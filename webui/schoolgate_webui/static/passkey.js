// Passkeys: asks the browser for one and puts its answer into the form, which is then sent as any
// other. Without this script, or in a browser without passkeys, those forms stay hidden.
(() => {
  "use strict";

  const octets = (text) => {
    const base64 = text.replace(/-/g, "+").replace(/_/g, "/");
    return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  };
  const text = (buffer) => {
    const letters = Array.from(new Uint8Array(buffer), (octet) => String.fromCharCode(octet));
    return btoa(letters.join("")).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  };
  const named = (list) => (list || []).map((each) => ({ ...each, id: octets(each.id) }));

  const ask = async (kind, options) => {
    const publicKey = { ...options, challenge: octets(options.challenge) };
    if (kind === "create") {
      publicKey.user = { ...options.user, id: octets(options.user.id) };
      publicKey.excludeCredentials = named(options.excludeCredentials);
      return navigator.credentials.create({ publicKey });
    }
    publicKey.allowCredentials = named(options.allowCredentials);
    return navigator.credentials.get({ publicKey });
  };

  const answer = (credential) => {
    const said = credential.response;
    const response = { clientDataJSON: text(said.clientDataJSON) };
    if (said.attestationObject) {
      response.attestationObject = text(said.attestationObject);
      response.transports = said.getTransports ? said.getTransports() : [];
    } else {
      response.authenticatorData = text(said.authenticatorData);
      response.signature = text(said.signature);
      response.userHandle = said.userHandle ? text(said.userHandle) : null;
    }
    return JSON.stringify({
      id: credential.id,
      rawId: text(credential.rawId),
      type: credential.type,
      response,
    });
  };

  const prepare = (form) => {
    const problem = form.querySelector("[data-passkey-problem]");
    let isAsking = false;
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (isAsking) return;
      isAsking = true;
      problem.hidden = true;
      try {
        const asked = await fetch(form.dataset.options, {
          credentials: "same-origin",
          headers: { accept: "application/json" },
        });
        if (!asked.ok || asked.redirected) throw new Error("no options");
        const credential = await ask(form.dataset.passkey, await asked.json());
        form.elements.answer.value = answer(credential);
        form.submit();
      } catch (error) {
        problem.hidden = false;
        isAsking = false;
      }
    });
  };

  const ready = () => {
    if (!window.PublicKeyCredential || !window.isSecureContext) return;
    document.querySelectorAll("form[data-passkey]").forEach(prepare);
    document.querySelectorAll("[data-passkey-missing]").forEach((each) => {
      each.hidden = true;
    });
  };
  if (document.readyState === "loading") {
    document.addEventListener("DOMContentLoaded", ready);
  } else {
    ready();
  }
})();
