/**
 * Requests between parties, each signed by the caller's own key as the chain names it (protocol section 5), whatever the service and
 * whether the call is a stream: `askingAs` puts the signature round each request message at the client, `RequestGate` takes it off at
 * the server, and nothing behind it hears of a request that was not proven. `shared/wire/callers.ts` says who may call what.
 */
import { isDeepStrictEqual } from "node:util";
import type { CallContext, CompatServiceDefinition, Server, ServerMiddlewareCall } from "nice-grpc";
import type { Federation } from "../core/directive.ts";
import { CausewayError } from "../core/errors.ts";
import { AHEAD_MS_MAX } from "../core/chain.ts";
import { RequestBook } from "../core/request-book.ts";
import type { SigningKeyPair } from "../crypto/sign.ts";
import { callersOf } from "../wire/callers.ts";
import type { Callers, Role } from "../wire/callers.ts";
import { openPartyRequest, signPartyRequest } from "../wire/party-request.ts";
import type { AskedOf } from "../wire/party-request.ts";
import type { Clock } from "../world/clock.ts";
import type { World } from "../world/world.ts";
import { peerOf } from "./grpc-sessions.ts";
import { signingKeyOf } from "./standing.ts";
import { identityUri } from "./tls.ts";
import type { PeerIdentity } from "./tls.ts";

/** Whoever asks. The signer is asked for at each request. */
export type Caller = {
  readonly federation: Uint8Array;
  readonly signer: () => SigningKeyPair;
  readonly world: Pick<World, "clock" | "randomBytes">;
};

/** Whom requests are for: the party whose certificate the server shows. `federation`: as it is now, asked at every request. */
export type Recipient = {
  readonly identity: PeerIdentity;
  readonly federation: () => Federation;
  readonly clock: Clock;
};

/** Of each caller; a node that hardens makes a few in a second. */
const REMEMBERED_OF_ONE_MAX = 4_096;
const NONCE_BYTES = 16;

/** What ts-proto generates, as far as it matters here. */
type Method = { readonly name: string; readonly requestType: RequestType };
type RequestType = {
  encode(message: never): { finish(): Uint8Array };
  decode(bytes: Uint8Array): unknown;
};
type Described = { readonly fullName: string; readonly methods: Readonly<Record<string, Method>> };

/** A service as this caller calls it at this recipient. */
export function askingAs<Definition extends CompatServiceDefinition>(
  definition: Definition,
  { federation, signer, world }: Caller,
  recipient: PeerIdentity,
): Definition {
  const asked = identityUri(recipient);
  return withRequestTypes(definition, (requestType, callers, method) => {
    if ("anybody" in callers) return requestType;
    const encode = (message: never): { finish(): Uint8Array } => {
      const asking = { method, recipient: asked, madeAtMs: world.clock(), nonce: world.randomBytes(NONCE_BYTES) };
      const by = { federation, signer: signer() };
      return { finish: () => signPartyRequest(requestType.encode(message), asking, by) };
    };
    return { ...requestType, encode };
  });
}

type Signing = Exclude<Callers, { readonly anybody: true }>;
type Guarded = Signing & { readonly requestType: RequestType };

/** What a server lets through to its services. */
export class RequestGate {
  readonly #recipient: Recipient | undefined;
  readonly #book: RequestBook;
  readonly #methods = new Map<string, Guarded>();

  constructor(recipient?: Recipient) {
    this.#recipient = recipient;
    this.#book = new RequestBook(recipient?.clock() ?? 0, { skewMs: AHEAD_MS_MAX, ofOneMax: REMEMBERED_OF_ONE_MAX });
  }

  /** Where services are added that stand behind this gate. Throws INTERNAL for one whose requests are for nobody. */
  before(server: Pick<Server, "add">): Pick<Server, "add"> {
    return { add: (definition, implementation) => server.add(this.#guarded(definition), implementation) };
  }

  /** Requests stay bytes until they are proven. */
  #guarded<Definition extends CompatServiceDefinition>(definition: Definition): Definition {
    if (this.#recipient !== undefined && callersOf((definition as unknown as Described).fullName) === undefined)
      throw new CausewayError("INTERNAL", "nobody has said who may call this service");
    return withRequestTypes(definition, (requestType, callers, method) => {
      if ("anybody" in callers) return requestType;
      if (this.#recipient === undefined) throw new CausewayError("INTERNAL", "requests to nobody cannot be proven");
      this.#methods.set(method, { ...callers, requestType });
      return { ...requestType, decode: (bytes: Uint8Array) => bytes };
    });
  }

  readonly middleware = <Request, Response>(
    call: ServerMiddlewareCall<Request, Response>,
    context: CallContext,
  ): AsyncGenerator<Response, Response | void, undefined> => {
    const [method, to] = [this.#methods.get(call.method.path), this.#recipient];
    if (method === undefined || to === undefined) return call.next(call.request as Request, context);
    const peer = peerOf(context);
    const asked = { method: call.method.path, recipient: identityUri(to.identity) };
    const opened = (bytes: unknown): Request =>
      this.#opened(method, { to, peer, asked }, bytes as Uint8Array) as Request;
    if (call.requestStream) return whileNamed(call.next(each(call.request, opened), context), method, { to, peer });
    const answer = call.next(opened(call.request), context);
    return call.responseStream ? whileNamed(answer, method, { to, peer }) : answer;
  };

  /** Proves one request. Throws FORBIDDEN for a caller who may not, UNAUTHENTICATED, OUT_OF_SEQUENCE, CONFLICT, INVALID. */
  #opened(method: Guarded, { to, peer, asked }: Line & { readonly asked: AskedOf }, bytes: Uint8Array): unknown {
    const federation = to.federation();
    const publicKey = signingKeyOf(peer, federation);
    const isCertified = has(method.certified, peer);
    if (publicKey === undefined || !(isCertified || has(method.signed, peer))) throw mayNot();
    if (isCertified) return decoded(method.requestType, bytes);
    const { body, mark } = openPartyRequest(bytes, { ...asked, federation: federation.id, publicKey });
    switch (this.#book.take(mark, to.clock())) {
      case "untimely":
        throw new CausewayError("OUT_OF_SEQUENCE", "the request is not of now", { fields: ["clock"] });
      case "repeated":
        throw new CausewayError("CONFLICT", "this very request was made before");
      case "taken":
        return decoded(method.requestType, body);
    }
  }
}

/** Between whom a call is. */
type Line = { readonly to: Recipient; readonly peer: PeerIdentity };

/** What a stream answers, as long as the chain names the key that asked for it. */
async function* whileNamed<Response>(
  answers: AsyncGenerator<Response, Response | void, undefined>,
  { certified }: Signing,
  { to, peer }: Line,
): AsyncGenerator<Response, Response | void, undefined> {
  const key = signingKeyOf(peer, to.federation());
  for await (const answer of answers) {
    if (!has(certified, peer) && !isDeepStrictEqual(signingKeyOf(peer, to.federation()), key)) throw mayNot();
    yield answer;
  }
}

const has = (roles: readonly Role[] | undefined, { kind }: PeerIdentity): boolean =>
  roles?.some((role) => role === kind) === true;

const mayNot = (): CausewayError => new CausewayError("FORBIDDEN", "this party may not do this");

function decoded(requestType: RequestType, body: Uint8Array): unknown {
  try {
    return requestType.decode(body);
  } catch {
    throw new CausewayError("INVALID", "the request is not the protobuf message that the method takes");
  }
}

async function* each<From, To>(items: AsyncIterable<From>, turn: (item: From) => To): AsyncGenerator<To> {
  for await (const item of items) yield turn(item);
}

/** The same service with other bytes for its requests. A service that only its own party calls stays as it is. */
function withRequestTypes<Definition extends CompatServiceDefinition>(
  definition: Definition,
  change: (requestType: RequestType, callers: Callers, method: string) => RequestType,
): Definition {
  const { fullName, methods } = definition as unknown as Described;
  const callersByMethod = callersOf(fullName);
  if (callersByMethod === undefined) return definition;
  const changed = Object.entries(methods).map(([key, method]) => {
    const callers = callersByMethod[key];
    if (callers === undefined) throw new CausewayError("INTERNAL", "nobody has said who may call this method");
    return [key, { ...method, requestType: change(method.requestType, callers, `/${fullName}/${method.name}`) }];
  });
  return { ...definition, methods: Object.fromEntries(changed) as object };
}
