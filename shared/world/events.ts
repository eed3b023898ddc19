/**
 * What a program tells its operator: events by name, each in a catalogue with its level, its fields, what it means and what to do. One
 * function for each event writes it to the log, which counts it. docs/events.md is made from the catalogues.
 *
 * An event is a noun and what became of it, such as `directory.grown`. Its fields are numbers, booleans and words that the program chose;
 * nothing that a user or a peer wrote.
 */
import type { Log, LogFields } from "./log.ts";

type FieldKind = "number" | "boolean" | "word";

export type EventForm = {
  /** "error" has a cause, which is described by class and code. */
  readonly level: "info" | "warn" | "error";
  /** With "?": not in every line. */
  readonly fields?: Readonly<Record<string, FieldKind | `${FieldKind}?`>>;
  /** A sentence. */
  readonly means: string;
  /** What an operator should do, a sentence; nothing if it is left out. */
  readonly act?: string;
};

/** Events of one noun, by what became of it. */
export type EventForms = Readonly<Record<string, EventForm>>;

type Values = { number: number; boolean: boolean; word: string };
type ValueOf<Kind> = Kind extends `${infer Base extends FieldKind}?`
  ? Values[Base] | undefined
  : Kind extends FieldKind
    ? Values[Kind]
    : never;
type OptionalIn<Fields> = { [Name in keyof Fields]: Fields[Name] extends `${string}?` ? Name : never }[keyof Fields];

/** What a line of such an event holds. */
type FieldsOf<Fields> = { readonly [Name in Exclude<keyof Fields, OptionalIn<Fields>>]: ValueOf<Fields[Name]> } & {
  readonly [Name in OptionalIn<Fields>]?: ValueOf<Fields[Name]>;
};

type FieldArguments<Form> = Form extends { readonly fields: infer Fields }
  ? [Exclude<keyof Fields, OptionalIn<Fields>>] extends [never]
    ? [fields?: FieldsOf<Fields>]
    : [fields: FieldsOf<Fields>]
  : [];

type Tell<Form> = Form extends { readonly level: "error" }
  ? (log: Log, cause: unknown, ...fields: FieldArguments<Form>) => void
  : (log: Log, ...fields: FieldArguments<Form>) => void;

export type Event<Form extends EventForm = EventForm> = Tell<Form> & {
  /** As in the log. */
  readonly event: string;
  readonly form: Form;
};

/** One that says no more than what went wrong. */
export type FailureEvent = ((log: Log, cause: unknown) => void) & { readonly event: string };

type EventsOf<Forms extends EventForms> = { readonly [Name in keyof Forms]: Event<Forms[Name]> };

/** A function for each event: `events.directory.grown(log, { number })`. */
export function defineEvents<const Nouns extends Readonly<Record<string, EventForms>>>(
  nouns: Nouns,
): { readonly [Noun in keyof Nouns]: EventsOf<Nouns[Noun]> } {
  const entries = Object.entries(nouns).map(([noun, forms]) => [noun, eventsNamed(forms, (name) => `${noun}.${name}`)]);
  return Object.fromEntries(entries) as { readonly [Noun in keyof Nouns]: EventsOf<Nouns[Noun]> };
}

/** The same without a noun, for a log that puts one before each event. */
export function defineEventsOfOneNoun<const Forms extends EventForms>(forms: Forms): EventsOf<Forms> {
  return eventsNamed(forms, (name) => name);
}

function eventsNamed<Forms extends EventForms>(forms: Forms, nameOf: (name: string) => string): EventsOf<Forms> {
  const entries = Object.entries(forms).map(([name, form]) => [name, eventOf(nameOf(name), form)]);
  return Object.fromEntries(entries) as EventsOf<Forms>;
}

function eventOf(event: string, form: EventForm): Event {
  const { level } = form;
  const tell =
    level === "error"
      ? (log: Log, cause: unknown, fields?: LogFields) => log.error(event, cause, fields)
      : (log: Log, fields?: LogFields) => log[level](event, fields);
  return Object.assign(tell, { event, form }) as Event;
}
