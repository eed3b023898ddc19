// What scripts add to pages: live parts, copy buttons, passkeys. Everything else works without them. Their words stand at the body.
import { initAll } from "./govuk-frontend.min.js";

const words = document.body.dataset;

initAll();
document.addEventListener("click", (event) => {
  const copy = event.target.closest("[data-copy]");
  if (copy !== null) void copyCommand(copy);
});
const main = document.querySelector("main[data-watch]");
if (main !== null) watch(main.dataset.watch);
for (const button of document.querySelectorAll("[data-passkey]")) offerPasskey(button);

async function copyCommand(button) {
  await navigator.clipboard.writeText(button.dataset.copy);
  const shown = [...button.childNodes];
  button.textContent = words.copied;
  announce(words.copied);
  setTimeout(() => button.replaceChildren(...shown), 2_000);
}

/** The same address answers with a stream of the page, drawn again whenever something on it has changed. */
function watch(path) {
  const source = new EventSource(path);
  source.addEventListener("page", (event) => replaceParts(event.data));
  source.addEventListener("time", (event) => show(event.data, words.updates));
  source.addEventListener("ended", () => {
    source.close();
    location.replace("/sign-in?ended");
  });
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED) void refused(path);
    else show(undefined, words.lost);
  });
  // The back button shows a page as it was left; a stream that was closed with it would leave it silent.
  addEventListener("pagehide", () => source.close());
  addEventListener("pageshow", (event) => event.persisted && location.reload());
}

/** There is no stream: the session may have ended before it began, which the page's own address tells. */
async function refused(path) {
  const answer = await fetch(path, { headers: { accept: "text/html" } }).catch(() => undefined);
  if (answer?.redirected === true) location.replace(answer.url);
  else show(undefined, words.stopped);
}

/** Only parts that differ are touched: what is read, selected or focused elsewhere stays. */
function replaceParts(markup) {
  const fresh = new DOMParser().parseFromString(markup, "text/html");
  for (const part of fresh.querySelectorAll("[data-live]")) {
    const shown = document.getElementById(part.id);
    if (shown === null || shown.innerHTML === part.innerHTML) continue;
    const focused = shown.contains(document.activeElement) ? purposeOf(document.activeElement) : undefined;
    shown.replaceChildren(...part.childNodes);
    const same = [...shown.querySelectorAll("a, button")].find((each) => purposeOf(each) === focused);
    same?.focus({ preventScroll: true });
  }
}

/** What a link or button is for: rows may change places. */
function purposeOf(element) {
  return element.href ?? element.form?.action ?? element.textContent;
}

function show(time, state) {
  if (time !== undefined) {
    const [iso, text] = time.split("|");
    const shown = document.querySelector("#as-of time");
    shown.dateTime = iso;
    shown.textContent = text;
  }
  const status = document.getElementById("live-state");
  if (status.textContent !== state) status.textContent = state;
}

function announce(text) {
  document.getElementById("announcer").textContent = text;
}

function offerPasskey(button) {
  const { startAuthentication, startRegistration, browserSupportsWebAuthn } = globalThis.SimpleWebAuthnBrowser ?? {};
  if (browserSupportsWebAuthn?.() !== true) return;
  const start = button.dataset.passkey === "add" ? startRegistration : startAuthentication;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const problem = document.getElementById("passkey-problem");
    problem.textContent = "";
    button.disabled = true;
    try {
      const optionsJSON = await post(button.dataset.options, {});
      const answer = await start({ optionsJSON });
      const name = document.getElementById("passkey-name")?.value;
      const { next } = await post(button.dataset.answer, name === undefined ? { answer } : { answer, name });
      location.assign(next);
    } catch (error) {
      problem.textContent = error instanceof Refusal ? error.message : words.passkeyUnused;
      button.disabled = false;
    }
  });
}

class Refusal extends Error {}

async function post(path, body) {
  const response = await fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const content = await response.json();
  if (!response.ok) throw new Refusal(content.problem);
  return content;
}
