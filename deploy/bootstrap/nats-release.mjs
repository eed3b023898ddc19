// nats-server from the project's own release, compared with a checksum that is pinned here.
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { capture } from "./processes.mjs";
import { SetupError } from "./report.mjs";

/**
 * The release and the sha256 of its archives. The Linux sums are those that the NATS project's own container images
 * pin for this release (nats-io/nats-docker, 2.15.x/alpine3.22/Dockerfile); the macOS sum is as published in the
 * release's SHA256SUMS. A new version needs new sums: a sum fetched together with the archive would prove only that
 * both came from the same place.
 */
export const NATS_RELEASE = {
  version: "2.15.0",
  sha256: {
    "linux-x64": ["linux-amd64", "5d2c51caca950333aba84911df7d377f826f3a59ec36061c6539105084f65c92"],
    "linux-arm64": ["linux-arm64", "cdc208f5a3f42963a52b6ab06ef65626bb870315dc936e26ba571780c6351112"],
    "darwin-arm64": ["darwin-arm64", "e1c4e22d70bd44abfa0bcb3c16f7cf0c66f648c2e728c58924e8a1ce88913cc8"],
  },
};

/** A machine that cannot reach the release must learn so quickly; a slow line may still take its time for the body. */
const ANSWER_WITHIN_MS = 8_000;
const FINISH_WITHIN_MS = 180_000;
const MAX_ARCHIVE_BYTES = 64 * 1024 * 1024;

/** `{ name, url, sha256 }` of the archive for `platform` (such as "linux-x64"). */
export function releaseArchive(platform) {
  const pinned = NATS_RELEASE.sha256[platform];
  if (!pinned) throw new SetupError(`there is no pinned release for ${platform}`);
  const name = `nats-server-v${NATS_RELEASE.version}-${pinned[0]}`;
  const base = "https://github.com/nats-io/nats-server/releases/download";
  return { name, url: `${base}/v${NATS_RELEASE.version}/${name}.tar.gz`, sha256: pinned[1] };
}

/** Downloads, verifies and unpacks the release into `folder`; returns the binary's path. */
export async function fetchRelease(folder, platform = `${process.platform}-${process.arch}`, fetcher = fetch) {
  const { name, url, sha256 } = releaseArchive(platform);
  const bytes = await download(url, fetcher);
  if (createHash("sha256").update(bytes).digest("hex") !== sha256) {
    throw new SetupError("the archive does not have the pinned checksum; nothing was unpacked");
  }
  const archive = join(folder, "release.tar.gz");
  writeFileSync(archive, bytes);
  const unpacked = await capture("tar", ["-xzf", archive, "-C", folder, `${name}/nats-server`]);
  if (unpacked.code !== 0) throw new SetupError("the archive could not be unpacked with tar");
  return join(folder, name, "nats-server");
}

async function download(url, fetcher) {
  const stop = new AbortController();
  let timer = setTimeout(() => stop.abort(), ANSWER_WITHIN_MS);
  try {
    const response = await fetcher(url, { signal: stop.signal });
    if (!response.ok) throw new SetupError(`the download was answered with status ${response.status}`);
    clearTimeout(timer);
    timer = setTimeout(() => stop.abort(), FINISH_WITHIN_MS);
    if (Number(response.headers.get("content-length")) > MAX_ARCHIVE_BYTES)
      throw new SetupError("the archive is too big");
    return new Uint8Array(await response.arrayBuffer());
  } catch (error) {
    if (error instanceof SetupError) throw error;
    throw new SetupError(stop.signal.aborted ? "the download took too long" : "the release page cannot be reached");
  } finally {
    clearTimeout(timer);
  }
}
