/** What a site tells its operator of, under the site's own noun: `console.signedIn`. */
import { defineEventsOfOneNoun } from "../world/events.ts";

export const siteEvents = defineEventsOfOneNoun({
  ready: { level: "info", fields: { port: "number" }, means: "The pages are served." },
  failed: {
    level: "error",
    fields: { path: "word" },
    means: "A page or an act of this route failed; the person was told to try again.",
    act: "`UNAVAILABLE` passes. Anything else is a fault: report it with this line.",
  },
  streamFailed: {
    level: "error",
    means: "Live updates of one open page broke off. The browser asks again.",
    act: "If it comes again and again, report it with this line.",
  },
  codeIssued: { level: "info", fields: { role: "word" }, means: "A one-time code was issued to somebody." },
  signedIn: { level: "info", fields: { method: "word", role: "word" }, means: "Somebody has signed in." },
  signInRefused: {
    level: "warn",
    fields: { method: "word", times: "number" },
    means: "Codes or passkeys did not open the site, so many since the line before; one line a minute at most.",
    act: "Now and then it is a slip. Many of them: somebody guesses, in vain; find out from where.",
  },
  sessionEnded: {
    level: "info",
    fields: { own: "boolean" },
    means: "Somebody ended a session, its own or another's.",
  },
  sessionsEnded: { level: "info", fields: { role: "word" }, means: "Somebody ended all sessions of a person." },
  accessRemoved: { level: "info", fields: { role: "word" }, means: "Somebody took a person's access away." },
  passkeyAdded: { level: "info", means: "Somebody added a passkey of its own." },
  passkeyRefused: {
    level: "warn",
    fields: { code: "word" },
    means: "A new passkey could not be proven and was not added.",
  },
  passkeyRemoved: { level: "info", means: "Somebody removed a passkey of its own." },
});
