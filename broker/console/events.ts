/** What the console's own pages tell the broker's operator, beside what every site does (`shared/web/events.ts`). */
import { defineEvents } from "../../shared/world/events.ts";

export const events = defineEvents({
  console: {
    alarmAcknowledged: { level: "info", means: "An administrator has written what came of an alarm." },
  },
});
