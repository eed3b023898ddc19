/** Pieces of pages, after GOV.UK Frontend. Statuses always have words: colour alone tells nothing. */
import { html, nothing } from "./html.ts";
import type { Content, Html } from "./html.ts";
import { date, dateTime, exactDateTime } from "../words/figures.ts";
import type { Key } from "../words/language.ts";
import { compose, say } from "../words/say.ts";
import type { Given } from "../words/say.ts";

export type Colour = "green" | "red" | "orange" | "yellow" | "blue" | "grey" | "purple";

/** The message of a key around pieces of a page, which stand where the language puts them. */
export function worded<K extends Key>(key: K, ...args: Given<K, Html>): Content {
  // What `html` gives is an object, although its type says that it is a string.
  return compose<K, object>(key, ...(args as unknown as Given<K, object>)) as readonly Content[];
}

/** For those who hear the page. */
export function hidden(text: string): Html {
  return html`<span class="govuk-visually-hidden">${text}</span>`;
}

export function tag(text: string, colour: Colour): Html {
  return html`<strong class="govuk-tag govuk-tag--${colour}">${text}</strong>`;
}

export function link(href: string, text: Content): Html {
  return html`<a class="govuk-link" href="${href}">${text}</a>`;
}

export function time(ms: number): Html {
  const parts = dateTime(ms).split(/(?<=,) /);
  return html`<time datetime="${new Date(ms).toISOString()}"
    >${parts.map((part, index) => html`${index === 0 ? "" : " "}<span class="nowrap">${part}</span>`)}</time
  >`;
}

export function day(ms: number): Html {
  return html`<time datetime="${new Date(ms).toISOString().slice(0, 10)}">${date(ms)}</time>`;
}

/** Seconds too, where somebody watches. */
export function instant(ms: number): Html {
  return html`<time datetime="${new Date(ms).toISOString()}">${exactDateTime(ms)}</time>`;
}

/** A name that somebody else chose, kept from turning the direction of the text around it. */
export function named(text: string): Html {
  return html`<bdi>${text}</bdi>`;
}

/** Long hexadecimal, which may break anywhere. */
export function hex(text: string): Html {
  return html`<code class="hex">${text}</code>`;
}

/** A fingerprint in the groups in which it is read out; copied without spaces between them only if it came so. */
export function fingerprint(text: string): Html {
  const groups = text.replaceAll(/\s/g, "").match(/.{1,4}/g) ?? [];
  return html`<code class="fingerprint">${groups.map((group) => html`<span>${group}</span> `)}</code>`;
}

export function paragraph(content: Content): Html {
  return html`<p class="govuk-body">${content}</p>`;
}

export function hint(content: Content): Html {
  return html`<p class="govuk-hint">${content}</p>`;
}

export function heading(text: string, size: "m" | "s" = "m"): Html {
  return size === "m" ? html`<h2 class="govuk-heading-m">${text}</h2>` : html`<h3 class="govuk-heading-s">${text}</h3>`;
}

export function bullets(items: readonly Content[]): Html {
  return html`<ul class="govuk-list govuk-list--bullet">
    ${items.map((item) => html`<li>${item}</li>`)}
  </ul>`;
}

/** One item as it is, more as a list: for values of facts and cells. */
export function several(items: readonly Content[]): Content {
  const [only = "–", ...others] = items;
  return others.length === 0 ? only : bullets(items);
}

/** Statuses beside each other. */
export function tags(list: readonly Html[]): Html {
  return html`<div class="tags">${list}</div>`;
}

export function warning(content: Content): Html {
  return html`<div class="govuk-warning-text">
    <span class="govuk-warning-text__icon" aria-hidden="true">!</span>
    <strong class="govuk-warning-text__text">${hidden(say("piece.warning"))} ${content}</strong>
  </div>`;
}

export function inset(content: Content): Html {
  return html`<div class="govuk-inset-text">${content}</div>`;
}

/** A part that a live page replaces by itself when it has changed. Forms stay outside, so that nobody loses what is being typed. */
export function live(id: string, content: Content): Html {
  return html`<div id="${id}" data-live>${content}</div>`;
}

/** Facts with their names. */
export function facts(rows: readonly (readonly [string, Content] | undefined)[]): Html {
  const row = ([key, value]: readonly [string, Content]): Html =>
    html`<div class="govuk-summary-list__row">
      <dt class="govuk-summary-list__key">${key}</dt>
      <dd class="govuk-summary-list__value">${value}</dd>
    </div>`;
  return html`<dl class="govuk-summary-list">${rows.filter((each) => each !== undefined).map(row)}</dl>`;
}

export type Table = {
  readonly caption: string;
  /** The caption is for those who hear the page only. */
  readonly captionHidden?: boolean;
  readonly columns: readonly (string | { readonly title: string; readonly numeric: true })[];
  readonly rows: readonly (readonly Content[])[];
  /** Many columns. */
  readonly dense?: boolean;
  /** What to say if there are no rows. */
  readonly empty: string;
};

/**
 * On narrow screens each row becomes a block in which every cell names its column. That takes the table's meaning away from the
 * style sheet's point of view, so the roles are spelled out.
 */
export function table({ caption, captionHidden, columns, rows, dense, empty }: Table): Html {
  const titles = columns.map((column) => (typeof column === "string" ? { title: column, numeric: false } : column));
  const captionClass =
    captionHidden === true ? "govuk-visually-hidden" : "govuk-table__caption govuk-table__caption--m";
  if (rows.length === 0) {
    const title = captionHidden === true ? nothing : heading(caption);
    return html`${title}${paragraph(empty)}`;
  }
  const numeric = (column: number, kind: "cell" | "header"): string =>
    titles[column]?.numeric === true ? ` govuk-table__${kind}--numeric` : "";
  const cell = (content: Content, column: number): Html => {
    const label = titles[column]?.title ?? "";
    return column === 0
      ? html`<th scope="row" role="rowheader" class="govuk-table__header">${content}</th>`
      : html`<td role="cell" class="govuk-table__cell${numeric(column, "cell")}" data-label="${label}">
          <div>${content}</div>
        </td>`;
  };
  const header = ({ title }: { readonly title: string }, column: number): Html =>
    html`<th scope="col" role="columnheader" class="govuk-table__header${numeric(column, "header")}">${title}</th>`;
  return html`<table class="govuk-table stacking ${dense === true ? "stacking--dense" : ""}" role="table">
    <caption class="${captionClass}">
      ${caption}
    </caption>
    <thead class="govuk-table__head" role="rowgroup">
      <tr class="govuk-table__row" role="row">
        ${titles.map(header)}
      </tr>
    </thead>
    <tbody class="govuk-table__body" role="rowgroup">
      ${rows.map(
        (row) =>
          html`<tr class="govuk-table__row" role="row">
            ${row.map(cell)}
          </tr>`,
      )}
    </tbody>
  </table>`;
}

/** A command to run on the reader's own machine. The button appears where scripts run. */
export function command(does: string, line: string): Html {
  return html`<figure class="command">
    <figcaption class="govuk-body govuk-!-margin-bottom-1">${does}</figcaption>
    <pre class="command__line"><code>${line}</code></pre>
    <button type="button" class="govuk-button govuk-button--secondary command__copy" data-copy="${line}">
      ${worded("piece.copy", { hidden: hidden(say("piece.copyWhat", { does })) })}
    </button>
  </figure>`;
}

/** How far something has come, in words and as a bar. */
export function progress(
  label: string,
  done: number,
  all: number,
  words: string,
  width: "wide" | "cell" = "cell",
): Html {
  const max = Math.max(all, 1);
  const value = all === 0 ? 1 : Math.min(done, all);
  return html`<span class="progress progress--${width}"
    ><progress max="${max}" value="${value}" aria-label="${label}"></progress><span>${words}</span></span
  >`;
}

export type Step = {
  readonly title: string;
  readonly text: string;
  /** Left out where the steps only explain. */
  readonly state?: "done" | "now" | "next";
};

/** The way something goes, step by step. */
export function steps(label: string, list: readonly Step[]): Html {
  const step = ({ title, text, state }: Step, index: number): Html =>
    html`<li class="steps__step steps__step--${state ?? "plain"}" aria-current="${state === "now" ? "step" : "false"}">
      <span class="steps__state"
        >${state === undefined ? say("piece.step", { number: index + 1 }) : say(`stepState.${state}`)}</span
      >
      <strong class="steps__title">${title}</strong>
      <span class="steps__text">${text}</span>
    </li>`;
  return html`<ol class="steps" aria-label="${label}">
    ${list.map(step)}
  </ol>`;
}

/** A button that changes something: a form of its own, so that it works without scripts. */
export function act(action: string, label: Content, style: "secondary" | "warning" = "secondary"): Html {
  return html`<form method="post" action="${action}" class="act">
    <button type="submit" class="govuk-button govuk-button--${style} govuk-!-margin-bottom-0">${label}</button>
  </form>`;
}

export function errorSummary(errors: readonly { readonly field: string; readonly text: string }[]): Html {
  if (errors.length === 0) return nothing;
  return html`<div class="govuk-error-summary" data-module="govuk-error-summary">
    <div role="alert">
      <h2 class="govuk-error-summary__title">${say("piece.problem")}</h2>
      <div class="govuk-error-summary__body">
        <ul class="govuk-list govuk-error-summary__list">
          ${errors.map(({ field, text }) => html`<li><a href="#${field}">${text}</a></li>`)}
        </ul>
      </div>
    </div>
  </div>`;
}

/** What is wrong with a field, above it. The field names it as what describes it: "code-error" for "code". */
export function fieldError(field: string, problem: string): Html {
  return html`<p id="${field}-error" class="govuk-error-message">${hidden(say("piece.error"))} ${problem}</p>`;
}

/** What has just been done. */
export function success(text: string): Html {
  return html`<div
    class="govuk-notification-banner govuk-notification-banner--success"
    role="alert"
    aria-labelledby="done-title"
    data-module="govuk-notification-banner"
  >
    <div class="govuk-notification-banner__header">
      <h2 class="govuk-notification-banner__title" id="done-title">${say("piece.success")}</h2>
    </div>
    <div class="govuk-notification-banner__content">
      <p class="govuk-notification-banner__heading">${text}</p>
    </div>
  </div>`;
}

/** Older and newer parts of a long list. */
export function pagination(of: { readonly path: string; readonly page: number; readonly pages: number }): Html {
  const { path, page, pages } = of;
  if (pages < 2) return nothing;
  const step = (to: number, kind: "prev" | "next", key: "piece.previous" | "piece.next"): Html =>
    html`<div class="govuk-pagination__${kind}">
      <a class="govuk-link govuk-pagination__link" href="${path}?page=${to}" rel="${kind}">
        <span class="govuk-pagination__link-title">${worded(key, { hidden: hidden(say("piece.stepPage")) })}</span>
      </a>
    </div>`;
  return html`<nav class="govuk-pagination" aria-label="${say("piece.pages")}">
    ${page > 1 ? step(page - 1, "prev", "piece.previous") : nothing}
    <p class="govuk-body pagination__place">${say("piece.place", { page, pages })}</p>
    ${page < pages ? step(page + 1, "next", "piece.next") : nothing}
  </nav>`;
}
