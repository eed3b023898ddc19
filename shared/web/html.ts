/** HTML by tagged templates. `html` escapes whatever is put into it, so text of strangers is passed as it is. */
import { html } from "hono/html";

export { html };

export type Html = ReturnType<typeof html>;
export type Content = Html | string | number | readonly Content[];

export const nothing: Html = html``;
