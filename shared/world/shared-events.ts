/** What every program may tell of: its connections, the chain it follows, its own credentials. */
import { defineEvents } from "./events.ts";

export const sharedEvents = defineEvents({
  call: {
    failed: {
      level: "error",
      fields: { method: "word" },
      means: "A call at one of this program's gRPC services ended in a fault of the program or its machine.",
      act: "`ENVIRONMENT`: see to the file or disk that the message names. Anything else is a fault of ours: report it with this line.",
    },
  },
  nats: {
    waiting: {
      level: "error",
      fields: { member: "word?", natsCode: "number?", delayMs: "number?" },
      means: "The NATS server does not answer; it is tried again after `delayMs`.",
      act: "Bring the NATS server back. Nothing is lost meanwhile.",
    },
    disconnected: { level: "info", means: "The connection to NATS was lost. It comes back by itself." },
    reconnected: { level: "info", means: "The connection to NATS is up again." },
    moved: { level: "info", means: "The board has given the NATS server another address: it is looked for there." },
    failed: {
      level: "warn",
      fields: { code: "word?" },
      means: "The NATS server reported an error on the connection; `code` is its client's word for it.",
      act: "`PERMISSIONS_VIOLATION` or `AUTHORIZATION_VIOLATION`: the server refuses this party. Has the board suspended it?",
    },
  },
  broker: {
    understood: {
      level: "info",
      fields: { capabilities: "word" },
      means: "The broker states what its version understands.",
    },
  },
  directory: {
    failed: {
      level: "error",
      means:
        "Following the broker's directives ended in a way that is not foreseen, or a directive cannot be kept here (`ENVIRONMENT`, and `message` names the file): none counts before it is kept. It is tried again.",
      act: "`ENVIRONMENT`: mend the directory, such as by making room. Else, if it comes again and again, report it with this line.",
    },
  },
  directive: {
    accepted: {
      level: "info",
      fields: { number: "number" },
      means: "Directives of the board were proven; the last of them has this number.",
    },
  },
  policy: {
    proven: { level: "info", means: "A fresh statement of the board covers the directives that are known here." },
    unproven: {
      level: "warn",
      fields: { outcome: "word" },
      means: "No fresh statement of the board covers the directives that are known here.",
      act: "`clock`: set the clocks of this machine and of the broker by NTP, they are more than five minutes apart. Else: is the registrar running? Look at it, then at the broker.",
    },
  },
  certificate: {
    ended: {
      level: "error",
      means:
        "The broker cannot be reached because a certificate has ended, this party's or the broker's: `message` says whose, and when.",
      act: "At the registrar's machine, `causeway registrar issue` makes another without the broker; install it with `causeway admin install`.",
    },
  },
  credentials: {
    rootsChanged: {
      level: "info",
      means: "The board has changed the TLS roots: certificates are believed under those from now on.",
    },
    renewed: { level: "info", means: "A new certificate and NATS user were proven and put in place." },
    notRenewed: {
      level: "error",
      means:
        "The next certificate and NATS user were due and could not be had: registrar or broker is away (`UNAVAILABLE`), the chain no longer lists the party (`FORBIDDEN`), or its own directory cannot be read or written (`ENVIRONMENT`, and `message` names the file). It is tried again.",
      act: "A third of the life is left when it begins: start the registrar, or mend the directory.",
    },
  },
});
