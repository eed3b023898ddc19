/** Who visits a site without a browser: a client of the web kit's tests. */
import { Events } from "./events.ts";

/** What a reader sees of a page, or of the body that a stream sends: tags and repeated white space left out. */
export function textOf(page: string): string {
  const main = page.includes("<main") ? page.slice(page.indexOf("<main"), page.indexOf("</main>")) : page;
  const text = main
    .replaceAll(/<[^>]*>/g, " ")
    .replaceAll("&#39;", "'")
    .replaceAll("&quot;", '"');
  return text.replaceAll(/\s+/g, " ").replaceAll(/ ([.,:;])/g, "$1");
}

/** As much of a browser as a form needs: cookies, and the headers that say which page sent it. */
export class Visitor {
  readonly #origin: string;
  #cookie = "";

  constructor(origin: string) {
    this.#origin = origin;
  }

  get cookie(): string {
    return this.#cookie;
  }

  async get(path: string, headers: Record<string, string> = {}): Promise<Response> {
    return await this.#fetch(path, { headers });
  }

  /** The page's text. */
  async read(path: string): Promise<string> {
    const response = await this.get(path);
    return await response.text();
  }

  /** Whether it sees what those who have signed in see. */
  async isIn(): Promise<boolean> {
    const response = await this.get("/account");
    await response.body?.cancel();
    return response.status === 200;
  }

  async post(path: string, form: Record<string, string> = {}, headers: Record<string, string> = {}): Promise<Response> {
    return await this.#fetch(path, {
      method: "POST",
      headers: { origin: this.#origin, ...headers },
      body: new URLSearchParams(form),
    });
  }

  async postJson(path: string, body: unknown): Promise<Response> {
    return await this.#fetch(path, {
      method: "POST",
      headers: { origin: this.#origin, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  }

  /** Presses the button of that name on a page, as a browser without scripts does. */
  async press(path: string, button: string): Promise<Response> {
    const forms = (await this.read(path)).matchAll(/<form method="post" action="([^"]*)"[^>]*>(.*?)<\/form>/gs);
    const textOf = (markup: string): string =>
      markup
        .replaceAll(/<[^>]*>/g, "")
        .replaceAll(/\s+/g, " ")
        .trim();
    const form = [...forms].find(([, , inner = ""]) => textOf(inner) === button);
    if (form === undefined) throw new Error(`no button ${button} on ${path}`);
    return await this.post(form[1] as string);
  }

  /** The page as a stream of events. */
  async watch(path: string): Promise<Events> {
    return new Events(await this.get(path, { accept: "text/event-stream" }));
  }

  async #fetch(path: string, init: RequestInit): Promise<Response> {
    const headers = {
      ...(init.headers as Record<string, string>),
      ...(this.#cookie === "" ? {} : { cookie: this.#cookie }),
    };
    const response = await fetch(`${this.#origin}${path}`, { redirect: "manual", ...init, headers });
    for (const line of response.headers.getSetCookie()) {
      const [pair = ""] = line.split(";");
      this.#cookie = pair.endsWith("=") ? "" : pair;
    }
    return response;
  }
}
