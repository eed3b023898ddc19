/** The English catalogue: complete, and what other languages are translated from. `say.ts` says how it is used. */
import { administrator } from "./english/administrator.ts";
import { alarms } from "./english/alarms.ts";
import { attention } from "./english/attention.ts";
import { console } from "./english/console.ts";
import { demo } from "./english/demo.ts";
import { directives } from "./english/directives.ts";
import { federation } from "./english/federation.ts";
import { figures } from "./english/figures.ts";
import { matches } from "./english/matches.ts";
import { node } from "./english/node.ts";
import { rotation } from "./english/rotation.ts";
import { web } from "./english/web.ts";

export const english = {
  ...figures,
  ...federation,
  ...directives,
  ...alarms,
  ...matches,
  ...node,
  ...console,
  ...attention,
  ...rotation,
  ...web,
  ...administrator,
  ...demo,
} as const;
