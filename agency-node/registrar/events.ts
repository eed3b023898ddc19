/** What a registrar tells its operator. */
import { defineEvents } from "../../shared/world/events.ts";

export const events = defineEvents({
  registrar: {
    started: {
      level: "info",
      fields: { directive: "number" },
      means: "The registrar runs; the chain is known up to this directive.",
    },
    loopFailed: {
      level: "error",
      means: "One of the registrar's duties failed in a way that is not foreseen; it is tried again.",
      act: "`error` and `message` say what: mend it.",
    },
    freshnessStated: {
      level: "info",
      fields: { outcome: "word" },
      means:
        "What came of the board's statement of the latest directive has changed: `stated`, or why it could not be.",
      act: "`UNAVAILABLE`: look at the broker. `ENVIRONMENT`: see to the registrar's directory.",
    },
    issued: {
      level: "info",
      fields: { party: "word", member: "word?" },
      means: "A certificate and NATS user were issued to a party that the chain lists.",
    },
    refused: {
      level: "warn",
      fields: { code: "word" },
      means: "Somebody asked for credentials who may not have them, or in a way that does not prove.",
      act: "Nothing, if it was just suspended; else ask the broker's operator.",
    },
    requestFailed: {
      level: "error",
      means: "A request for credentials could not be answered for a fault of this program.",
      act: "Report it with this line.",
    },
    requestsLost: {
      level: "error",
      means: "The broker does not show requests for credentials; it is asked again.",
      act: "Look at the broker.",
    },
    renewed: {
      level: "info",
      fields: { party: "word" },
      means: "The registrar's own certificate was renewed, or the one that it keeps for the NATS server.",
    },
    notRenewed: {
      level: "error",
      means: "One of these certificates cannot be read, made or written; `error` says why.",
      act: "Mend the directory: it tries again every minute, and a third of the life is left when it begins.",
    },
    accountChanged: {
      level: "info",
      fields: { member: "word", state: "word" },
      means: "A member's account at NATS was opened or closed, as the chain has it.",
    },
    accountsBehind: {
      level: "error",
      means: "Accounts at NATS could not be compared with the chain; it is tried again.",
      act: "Look at the NATS server: until then it may let in who has been suspended.",
    },
    natsAway: {
      level: "error",
      means: "The NATS server does not answer; it is tried again.",
      act: "Bring the NATS server back.",
    },
    natsRefused: {
      level: "error",
      means: "The NATS server refuses the registrar: it is of another founding.",
      act: "Compare `nats-server.conf`.",
    },
    natsCertificateTaken: {
      level: "info",
      means: "The NATS server serves the certificate that the registrar has put there.",
    },
    natsCertificateWaits: {
      level: "warn",
      means: "The NATS server serves another certificate than the registrar keeps for it.",
      act: "Copy `nats-server/tls.crt` over the NATS server's `tls.crt`, then `nats-server --signal reload`.",
    },
    natsServerFailed: {
      level: "error",
      means:
        "The NATS server's certificate could not be compared or put in place. `ENVIRONMENT`: `natsServerDir` in `registrar.json` is missing, cannot be written, or holds no `tls.crt`.",
      act: "Correct it. Until then nothing is put there.",
    },
  },
});
