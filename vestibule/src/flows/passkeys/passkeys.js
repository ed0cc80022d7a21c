// Passkeys: adds one, registers with one, logs in with one, and tells password managers which ones
// are left. Pages hide
// what needs this script, and a browser without passkeys keeps it hidden.
const api = globalThis.PublicKeyCredential;
const isSupported = Boolean(api?.parseCreationOptionsFromJSON && api.parseRequestOptionsFromJSON);
const error = document.querySelector("[data-passkey-error]");

const post = async (url, body) => {
  const headers = { "content-type": "application/json", accept: "application/json" };
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
  if (response.status === 204) return null;
  const answer = await response.json();
  if (response.ok) return answer;
  const problem = new Error(answer.errors?.[0]?.detail ?? answer.detail ?? answer.title);
  problem.isRejection = response.status < 500;
  throw problem;
};

const show = (problem) => {
  // The browser was asked for something else meanwhile.
  if (problem.name === "AbortError") return;
  const { cancelled, known } = error.dataset;
  const ours = { NotAllowedError: cancelled, InvalidStateError: known ?? cancelled };
  error.textContent = ours[problem.name] ?? problem.message;
  error.hidden = false;
};

// Makes a passkey by these options and sends it to `url`, with these fields beside its members.
// Password managers forget it again if the site says that it did not accept it. Without an answer,
// the site may have it.
const create = async (options, url, fields) => {
  const publicKey = api.parseCreationOptionsFromJSON(options);
  const made = await navigator.credentials.create({ publicKey });
  try {
    return await post(url, { ...made.toJSON(), ...fields });
  } catch (problem) {
    const unknown = { rpId: options.rp.id, credentialId: made.id };
    if (problem.isRejection) await api.signalUnknownCredential?.(unknown).catch(() => {});
    throw problem;
  }
};

const needs = document.querySelector("[data-passkey-needs]");
if (needs && isSupported) needs.hidden = true;

const addForm = document.querySelector("form[data-passkey-add]");
if (addForm && isSupported) {
  addForm.hidden = false;
  addForm.addEventListener("submit", async (event) => {
    event.preventDefault();
    error.hidden = true;
    try {
      const options = await post(addForm.dataset.passkeyAdd, {});
      const name = addForm.elements.name.value;
      await create(options, addForm.getAttribute("action"), { name });
      location.assign(addForm.dataset.done);
    } catch (problem) {
      show(problem);
    }
  });
}

const registration = document.querySelector("[data-passkey-register]");
if (registration && isSupported) {
  const { passkeyRegister, options } = registration.dataset;
  registration.hidden = false;
  registration.querySelector("button").addEventListener("click", async () => {
    error.hidden = true;
    const fields = Object.fromEntries(new FormData(document.querySelector("main form")));
    delete fields.password;
    try {
      const made = await create(await post(options, fields), passkeyRegister, fields);
      location.assign(made.next);
    } catch (problem) {
      show(problem);
    }
  });
}

const button = document.querySelector("button[data-passkey-login]");
if (button && isSupported) {
  const { passkeyLogin, options } = button.dataset;
  const field = (name) => document.querySelector(`main form [name="${name}"]`);
  let waiting;
  const logIn = async (mediation) => {
    waiting?.abort();
    waiting = new AbortController();
    const { signal } = waiting;
    const publicKey = api.parseRequestOptionsFromJSON(await post(options, {}));
    const shown = await navigator.credentials.get({ publicKey, mediation, signal });
    const ticked = (name) => Boolean(field(name)?.checked);
    const fields = {
      remember: ticked("remember"),
      trust: ticked("trust"),
      next: field("next")?.value ?? "",
    };
    location.assign((await post(passkeyLogin, { ...shown.toJSON(), ...fields })).next);
  };
  // Among the names that the browser suggests in the field for the username.
  const suggest = async () => {
    const isPossible = button.dataset.suggest && (await api.isConditionalMediationAvailable?.());
    if (isPossible) await logIn("conditional").catch(show);
  };
  for (const shown of [button, ...document.querySelectorAll("[data-passkey-with]")]) {
    shown.hidden = false;
  }
  button.addEventListener("click", async () => {
    error.hidden = true;
    await logIn("optional").catch((problem) => {
      show(problem);
      suggest();
    });
  });
  suggest();
}

const list = document.querySelector("[data-passkeys]");
if (list && api) {
  const { rpId, userHandle: userId, username, credentialIds } = list.dataset;
  const allAcceptedCredentialIds = credentialIds.split(" ").filter(Boolean);
  const tell = (signal, about) => api[signal]?.(about).catch(() => {});
  if (userId) {
    tell("signalAllAcceptedCredentials", { rpId, userId, allAcceptedCredentialIds });
    tell("signalCurrentUserDetails", { rpId, userId, name: username, displayName: username });
  }
  for (const form of list.querySelectorAll("form[data-credential-id]")) {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      try {
        await post(form.getAttribute("action"), {});
        await tell("signalUnknownCredential", { rpId, credentialId: form.dataset.credentialId });
        location.reload();
      } catch {
        // The server's page says what is wrong.
        form.submit();
      }
    });
  }
}
