/** One's own passkeys and sessions, and, for those who are over others, everybody's. */
import { html } from "../html.ts";
import type { Content, Html } from "../html.ts";
import { FRESH_SESSION_MS, NAME_LENGTH_MAX, PASSKEYS_PER_USER_MAX } from "../limits.ts";
import type { Asked, Page } from "../page.ts";
import { act, facts, heading, hint, inset, live, named, table, tag, time } from "../pieces.ts";
import type { People, Person } from "../session/people.ts";
import type { Sessions, SignedIn } from "../session/sessions.ts";
import { ACCOUNT } from "../site.ts";
import type { Site } from "../site.ts";
import type { Accounts, Passkey } from "../store/accounts.ts";
import { capitalised, duration } from "../../../shared/words/figures.ts";
import { say } from "../../../shared/words/say.ts";

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
        ["Name", named(person.name)],
        ["Role", site.roles[person.role]?.means ?? ""],
      ])}
      ${passkeys(accounts.passkeysOf(person.user))} ${addPasskey(asked)}
      ${live(
        "own-sessions",
        sessionTable(
          "Your sessions",
          all.filter((each) => each.person.user === person.user),
          asked,
          false,
        ),
      )}
      <div class="acts">${act("/account/end-sessions", "End all your sessions", "warning")}</div>
      ${person.overOthers ? everybody(site, asked, all, people.all()) : ""}
    `,
  };
}

function passkeys(list: readonly Passkey[]): Html {
  return table({
    caption: "Your passkeys",
    columns: ["Passkey", "Added", "Last used", "Remove"],
    rows: list.map(({ id, name, addedAtMs, usedAtMs }) => [
      named(name),
      time(addedAtMs),
      usedAtMs === 0 ? "Never" : time(usedAtMs),
      act(
        `/account/passkeys/${id}/remove`,
        html`Remove<span class="govuk-visually-hidden"> the passkey ${name}</span>`,
      ),
    ]),
    empty: "You have none. Until you add one, you sign in with one-time codes.",
  });
}

function addPasskey({ session, nowMs }: Asked): Html {
  const title = heading("Add a passkey");
  if (nowMs - session.startedAtMs >= FRESH_SESSION_MS) {
    return html`${title}
    ${inset(`Sign out and in again first: a passkey can only be added within ${duration(FRESH_SESSION_MS)} of signing in.`)}`;
  }
  return html`${title}
    ${hint(`On this device or a security key. You can have ${PASSKEYS_PER_USER_MAX}. This needs JavaScript.`)}
    <div class="govuk-form-group">
      <label class="govuk-label" for="passkey-name">A name for it, such as “desk computer”</label>
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
      Add a passkey
    </button>`;
}

function sessionTable(caption: string, list: readonly SignedIn[], { session: own }: Asked, names: boolean): Html {
  const row = ({ session, person }: SignedIn): Content[] => [
    ...(names ? [named(person.name), capitalised(person.role)] : []),
    [time(session.startedAtMs), session.id === own.id ? [" ", tag("This one", "blue")] : ""],
    session.method === "passkey" ? "Passkey" : "One-time code",
    session.address,
    time(session.usedAtMs),
    act(
      `/sessions/${session.id}/end`,
      html`End<span class="govuk-visually-hidden"> the session of ${person.name}</span>`,
    ),
  ];
  const columns = ["Signed in", "With", "From", "Last used", "End"];
  return table({
    caption,
    columns: names ? ["Person", "Role", ...columns] : columns,
    rows: list.map(row),
    empty: "None.",
  });
}

function everybody(
  { noun, accessHelp }: AccountParts["site"],
  asked: Asked,
  all: readonly SignedIn[],
  people: readonly Person[],
): Html {
  const who = table({
    caption: `Who may use this ${noun}`,
    columns: ["Person", "Role", "Sessions", "Take away"],
    rows: people.map((person) => personRow(person, all)),
    empty: "Nobody.",
  });
  return html`${live("everybody", [sessionTable("Everybody’s sessions", all, asked, true), who])} ${accessHelp}`;
}

function personRow({ user, role, name, removable }: Person, all: readonly SignedIn[]): Content[] {
  const open = all.filter(({ person }) => person.user === user).length;
  const whose = html`<span class="govuk-visually-hidden"> of ${name}</span>`;
  return [
    named(name),
    capitalised(role),
    say("figures.sessions", { count: open }),
    [
      open === 0 ? "" : act(`/people/${user}/end-sessions`, html`End all sessions${whose}`),
      removable ? act(`/people/${user}/remove`, html`Remove the access${whose}`, "warning") : "",
    ],
  ];
}
