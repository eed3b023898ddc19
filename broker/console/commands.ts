/**
 * The command lines that do what the pages describe, in one place; a test compares them with the command line itself. `DIR` stands
 * for the administrator's own directory: its keys are there and nowhere else. Nobody's words go into a command: what a shell would
 * read (slugs, digits, numbers) is of a fixed form.
 */
const ADMIN = "causeway admin";
const REASON = '--reason "…"';

/** So many digits of a digest name a proposal; the rest is typed as the proposer reads it out. */
const DIGEST_DIGITS = 16;

export const commands = {
  approve: (digest: string): string => `${ADMIN} approve DIR ${digest.slice(0, DIGEST_DIGITS)}`,
  suspend: (slug: string): string => `${ADMIN} suspend DIR ${slug} ${REASON}`,
  reinstate: (slug: string): string => `${ADMIN} reinstate DIR ${slug} ${REASON}`,
  remove: (slug: string): string => `${ADMIN} remove DIR ${slug} ${REASON}`,
  removeForCause: (slug: string): string => `${ADMIN} remove DIR ${slug} --for-cause ${REASON}`,
  /** `party`: a slug, "broker" or "evaluator:NAME". */
  rotateKey: (party: string, fingerprint = "…"): string =>
    `${ADMIN} rotate-key DIR ${party} --fingerprint "${fingerprint}" ${REASON}`,
  memberChange: (slug: string): string => `${ADMIN} member-change DIR ${slug} --terms terms.json ${REASON}`,
  places: (): string => `${ADMIN} places DIR --broker HOST:PORT --nats HOST:PORT ${REASON}`,
  tlsRoots: (): string => `${ADMIN} tls-roots DIR`,
  releaseShares: (): string => `${ADMIN} release-shares DIR`,
  boardChange: (): string => `${ADMIN} board-change DIR --add FILE --fingerprint "…" --remove "…" ${REASON}`,
  /** HOST:PORT is where newcomers reach the broker: `enrolment.listen` of broker.json, as seen from outside. */
  invite: (): string => `${ADMIN} invite DIR --address HOST:PORT --note "…"`,
  admit: (fingerprint: string): string => `${ADMIN} admit DIR --fingerprint "${fingerprint}" --terms terms.json`,
  freshness: (): string => `${ADMIN} freshness REGISTRAR`,
  epochStatus: (): string => `${ADMIN} epoch status DIR`,
  rehearse: (): string => `${ADMIN} epoch rehearse DIR`,
  prepareEpoch: (epoch: number, newGeneration: boolean): string =>
    `${ADMIN} epoch prepare DIR ${epoch}${generationFlag(newGeneration)}`,
  pledge: (epoch: number): string => `${ADMIN} epoch pledge DIR ${epoch}`,
  reveal: (epoch: number): string => `${ADMIN} epoch reveal DIR ${epoch}`,
  openEpoch: (epoch: number, newGeneration: boolean): string =>
    `${ADMIN} epoch open DIR ${epoch}${generationFlag(newGeneration)}`,
  activateEpoch: (epoch: number): string => `${ADMIN} epoch activate DIR ${epoch}`,
  forceEpoch: (epoch: number, laggards: readonly string[]): string =>
    `${ADMIN} epoch activate DIR ${epoch} --without ${laggards.join(",")}`,
  abortEpoch: (epoch: number): string => `${ADMIN} epoch abort DIR ${epoch} ${REASON}`,
  retireEpoch: (epoch: number): string => `${ADMIN} epoch retire DIR ${epoch} ${REASON}`,
  forceRetirement: (epoch: number, laggards: readonly string[]): string =>
    `${ADMIN} epoch retire DIR ${epoch} --without ${laggards.join(",")} ${REASON}`,
  closeLeakedEpoch: (epoch: number): string => `${ADMIN} epoch retire DIR ${epoch} --leaked ${REASON}`,
  policy: (): string => `${ADMIN} policy DIR --file policy.json ${REASON}`,
  proposals: (): string => `${ADMIN} proposals DIR`,
  health: (): string => `${ADMIN} health DIR`,
  showChain: (): string => `${ADMIN} show-chain DIR`,
  signIn: (): string => `${ADMIN} sign-in DIR`,
} as const;

function generationFlag(newGeneration: boolean): string {
  return newGeneration ? " --new-generation" : "";
}
