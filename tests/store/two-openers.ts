/** A second process that opens the file of the first argument, exclusively, and says how that went. */
import { Database } from "../../shared/store/database.ts";
import { explain } from "../../shared/platform/lifecycle.ts";
import { KIND } from "./kind.ts";

const [path = ""] = process.argv.slice(2);
try {
  using _ = new Database(path, { ...KIND, exclusive: true, busyTimeoutMs: 50 });
  process.stdout.write("opened");
} catch (error) {
  process.stdout.write(explain(error));
}
