/** One's own passkeys and sessions, and, for those who are over others, everybody's. */
import { html } from "../html.ts";
import type { Content, Html } from "../html.ts";
import { FRESH_SESSION_MS, NAME_LENGTH_MAX, PASSKEYS_PER_USER_MAX } from "../limits.ts";
import type { Asked, Page } from "../page.ts";
import { act, facts, heading, hidden, hint, inset, live, named, table, tag, time, worded } from "../pieces.ts";
import type { People, Person } from "../session/people.ts";
import type { Sessions, SignedIn } from "../session/sessions.ts";
import { ACCOUNT } from "../site.ts";
import type { Site } from "../site.ts";
import type { Accounts, Passkey } from "../store/accounts.ts";
import { capitalised, duration } from "../../words/figures.ts";
import { say, wordFor } from "../../words/say.ts";

export type AccountParts = {
  readonly site: Pick<Site, "noun" | "roles" | "accessHelp">;
  readonly accounts: Accounts;
  readonly sessions: Sessions;
  readonly people: People;
};

export function accountPage({ site, accounts, sessions, people }: AccountParts, asked: Asked): Page {
  const { person } = asked;
  const all = sessions.all();
  return {
    title: ACCOUNT.title,
    section: ACCOUNT.id,
    body: html`
      ${facts([
        [say("account.name"), named(person.name)],
        [say("account.role"), site.roles[person.role]?.means ?? ""],
      ])}
      ${passkeys(accounts.passkeysOf(person.user))} ${addPasskey(asked)}
      ${live(
        "own-sessions",
        sessionTable(
          say("account.sessions"),
          all.filter((each) => each.person.user === person.user),
          asked,
          false,
        ),
      )}
      <div class="acts">${act("/account/end-sessions", say("account.endSessions"), "warning")}</div>
      ${person.overOthers ? everybody(site, asked, all, people.all()) : ""}
    `,
  };
}

function passkeys(list: readonly Passkey[]): Html {
  return table({
    caption: say("account.passkeys"),
    columns: [say("account.passkey"), say("account.added"), say("account.lastUsed"), say("account.remove")],
    rows: list.map(({ id, name, addedAtMs, usedAtMs }) => [
      named(name),
      time(addedAtMs),
      usedAtMs === 0 ? say("account.never") : time(usedAtMs),
      act(
        `/account/passkeys/${id}/remove`,
        worded("account.removePasskey", { hidden: hidden(say("account.removePasskeyWhat", { name })) }),
      ),
    ]),
    empty: say("account.noPasskeys"),
  });
}

function addPasskey({ session, nowMs }: Asked): Html {
  const title = heading(say("account.addPasskey"));
  if (nowMs - session.startedAtMs >= FRESH_SESSION_MS) {
    return html`${title} ${inset(say("account.signInFirst", { span: duration(FRESH_SESSION_MS) }))}`;
  }
  return html`${title} ${hint(say("account.passkeyHint", { count: PASSKEYS_PER_USER_MAX }))}
    <div class="govuk-form-group">
      <label class="govuk-label" for="passkey-name">${say("account.passkeyName")}</label>
      <input
        class="govuk-input govuk-input--width-20"
        id="passkey-name"
        maxlength="${NAME_LENGTH_MAX}"
        autocomplete="off"
      />
    </div>
    <p id="passkey-problem" class="govuk-error-message" role="alert"></p>
    <button
      type="button"
      class="govuk-button"
      hidden
      data-passkey="add"
      data-options="/account/passkeys/options"
      data-answer="/account/passkeys"
    >
      ${say("account.addPasskey")}
    </button>`;
}

function sessionTable(caption: string, list: readonly SignedIn[], { session: own }: Asked, names: boolean): Html {
  const row = ({ session, person }: SignedIn): Content[] => [
    ...(names ? [named(person.name), capitalised(wordFor("role", person.role))] : []),
    [time(session.startedAtMs), session.id === own.id ? [" ", tag(say("account.thisOne"), "blue")] : ""],
    say(`signInMethod.${session.method}`),
    session.address,
    time(session.usedAtMs),
    act(
      `/sessions/${session.id}/end`,
      worded("account.endSession", { hidden: hidden(say("account.endSessionWhat", person)) }),
    ),
  ];
  const columns = [
    say("account.signedIn"),
    say("account.with"),
    say("account.address"),
    say("account.lastUsed"),
    say("account.end"),
  ];
  return table({
    caption,
    columns: names ? [say("account.person"), say("account.role"), ...columns] : columns,
    rows: list.map(row),
    empty: say("account.none"),
  });
}

function everybody(
  { noun, accessHelp }: AccountParts["site"],
  asked: Asked,
  all: readonly SignedIn[],
  people: readonly Person[],
): Html {
  const who = table({
    caption: say("account.whoMay", { noun: wordFor("noun", noun) }),
    columns: [say("account.person"), say("account.role"), say("account.openSessions"), say("account.takeAway")],
    rows: people.map((person) => personRow(person, all)),
    empty: say("account.nobody"),
  });
  return html`${live("everybody", [sessionTable(say("account.everybodysSessions"), all, asked, true), who])}
  ${accessHelp}`;
}

function personRow({ user, role, name, removable }: Person, all: readonly SignedIn[]): Content[] {
  const open = all.filter(({ person }) => person.user === user).length;
  const whose = { hidden: hidden(say("account.of", { name })) };
  return [
    named(name),
    capitalised(wordFor("role", role)),
    say("figures.sessions", { count: open }),
    [
      open === 0 ? "" : act(`/people/${user}/end-sessions`, worded("account.endAllSessions", whose)),
      removable ? act(`/people/${user}/remove`, worded("account.removeAccess", whose), "warning") : "",
    ],
  ];
}
