/** Who a record is about; each domain has its own salt (protocol section 2.4). */
export const DOMAINS = ["target", "protected", "nexus"] as const;

export type Domain = (typeof DOMAINS)[number];

/** Whether a text names a domain. */
export function isDomain(value: string): value is Domain {
  return (DOMAINS as readonly string[]).includes(value);
}
