/** Passkeys on the pages of sign-in and security: presses of their buttons become credentials in their forms. */

const complaint = document.getElementById("passkey-error");

function complain(words) {
  complaint.textContent = complaint.dataset[words];
  complaint.hidden = false;
}

/** Browsers know passkeys on secure pages only, and none for a bare network address. */
export function possible() {
  return Boolean(globalThis.PublicKeyCredential) && !/^[\d.]+$|^\[/.test(location.hostname);
}

function optionsOf(ids) {
  return JSON.parse(document.getElementById(ids.data).textContent);
}

async function create({ ids }) {
  const options = optionsOf(ids).creation_options;
  const wanted = options.publicKey.authenticatorSelection;
  const passwordless = document.getElementById(ids.passwordless)?.checked ?? false;
  wanted.residentKey = passwordless ? "required" : "discouraged";
  wanted.requireResidentKey = passwordless;
  if (passwordless) wanted.userVerification = "required";
  return globalThis.webauthnJSON.create(options);
}

async function authenticate({ ids }) {
  return globalThis.webauthnJSON.get(optionsOf(ids).request_options);
}

async function signIn({ ids }) {
  const { form } = document.getElementById(ids.login);
  const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
  return globalThis.webauthnJSON.get((await answer.json()).request_options);
}

const CEREMONIES = {
  "allauth.webauthn.forms.addForm": ["add", create],
  "allauth.webauthn.forms.authenticateForm": ["authenticate", authenticate],
  "allauth.webauthn.forms.loginForm": ["login", signIn],
};

/** allauth's pages name the ceremony and the ids of what belongs to it in a block of JSON. */
for (const block of document.querySelectorAll("script[data-allauth-onload]")) {
  const [name, ceremony] = CEREMONIES[block.dataset.allauthOnload] ?? [];
  if (!ceremony) continue;
  const { ids } = JSON.parse(block.textContent);
  const field = document.getElementById(ids.credential);
  document.getElementById(ids[name]).addEventListener("click", async (event) => {
    event.preventDefault();
    if (!possible()) return complain("impossible");
    try {
      field.value = JSON.stringify(await ceremony({ ids }));
    } catch {
      return complain("failed");
    }
    field.form.submit();
  });
}
