/** Types of deploy/bootstrap/*.mjs, which is plain JavaScript because it runs before any tool is installed. */

declare module "*/bootstrap/processes.mjs" {
  import type { SpawnOptions } from "node:child_process";
  export type Captured = { code: number; stdout: string; stderr: string };
  export function capture(
    command: string,
    args: readonly string[],
    options?: SpawnOptions & { timeoutMs?: number },
  ): Promise<Captured>;
  export function handOver(command: string, args: readonly string[], options: SpawnOptions): Promise<number>;
}

declare module "*/bootstrap/old-node.mjs" {
  export function complaintAboutNode(version: string): string;
}

declare module "*/bootstrap/report.mjs" {
  export class SetupError extends Error {
    readonly hint: string;
    constructor(message: string, hint?: string);
  }
  export function explainFileError(error: unknown, folder: string): unknown;
}

declare module "*/bootstrap/lock.mjs" {
  export const STALE_AFTER_MS: number;
  export function withLock<T>(path: string, work: () => Promise<T>): Promise<T>;
  export function isStale(
    age: number,
    holder: { pid: number; host: string } | undefined,
    machine?: { host?: string; isAlive?: (pid: number) => boolean },
  ): boolean;
}

declare module "*/bootstrap/dependencies.mjs" {
  export function whyInstall(root: string): string;
  export function npmCommand(environment: Record<string, string | undefined>, node: string): string[];
  export function explainNpmFailure(result: {
    code: number;
    stderr: string;
    stdout?: string;
  }): Error & { hint: string };
  export function installedMatches(lockText: string, installedText: string): boolean;
}

declare module "*/bootstrap/node-runtime.mjs" {
  export const PINNED_NODE: {
    version: string;
    packages: Record<string, { name: string; integrity: string }>;
  };
  export function decideNode(platform: string, running: string): { source: string; pinned?: { name: string } };
  export function isUsable(version: string): boolean;
}

declare module "*/bootstrap/nats-version.mjs" {
  export const OLDEST_NATS_SERVER: string;
  export function parseVersion(text: string): number[] | undefined;
  export function isNewEnough(version: number[] | undefined): boolean;
}

declare module "*/bootstrap/nats-server.mjs" {
  export type Ask = (path: string) => Promise<string>;
  export function findNatsServer(
    root: string,
    environment: Record<string, string | undefined>,
    ask?: Ask,
  ): Promise<{ path: string | undefined; version: string | undefined; refused: string[] }>;
  export const NATS_SOURCES: readonly { title: string; fetch: (folder: string) => Promise<string> }[];
  export function installNatsServer(
    root: string,
    refused: readonly string[],
    sources?: readonly { title: string; fetch: (folder: string) => Promise<string> }[],
    ask?: Ask,
  ): Promise<{ path: string; version: string }>;
}

declare module "*/bootstrap/nats-release.mjs" {
  export const NATS_RELEASE: { version: string; sha256: Record<string, [string, string]> };
  export function releaseArchive(platform: string): { name: string; url: string; sha256: string };
  export function fetchRelease(folder: string, platform?: string, fetcher?: typeof fetch): Promise<string>;
}

declare module "*/bootstrap/nats-debian.mjs" {
  export function debianMirrors(texts: readonly { name: string; text: string }[]): string[];
  export function upstreamVersion(debianVersion: string): string;
  export function privateAptConfig(folder: string): string;
}

declare module "*/bootstrap/main.mjs" {
  export const TASKS: Record<string, string>;
  export function taskEnvironment(
    root: string,
    natsServer: string,
    environment: Record<string, string | undefined>,
  ): Record<string, string>;
}
