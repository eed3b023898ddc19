/**
 * `@peculiar/x509` loads a dependency-injection library that will not start without the metadata functions which a decorator
 * proposal once added to `Reflect`. These three are all that it calls. Import this file before that library.
 */
type Metadata = Map<unknown, unknown>;

const store = new WeakMap<object, Metadata>();

function ownMetadata(key: unknown, target: object): unknown {
  return store.get(target)?.get(key);
}

function defineMetadata(key: unknown, value: unknown, target: object): void {
  store.set(target, (store.get(target) ?? new Map()).set(key, value));
}

function inheritedMetadata(key: unknown, target: object): unknown {
  for (let at: object | null = target; at !== null; at = Reflect.getPrototypeOf(at)) {
    if (store.get(at)?.has(key) === true) return ownMetadata(key, at);
  }
  return undefined;
}

if (!("getMetadata" in Reflect)) {
  Object.assign(Reflect, { defineMetadata, getMetadata: inheritedMetadata, getOwnMetadata: ownMetadata });
}
