// nats-server from one of Debian's newer suites, on a Debian machine whose own suite has too old a one. apt runs on a
// private directory (own sources, lists, cache and status) and the package is only unpacked, so the system stays as it
// is. The chain of trust is Debian's: the machine's Debian keyring signs the suite's index, the index holds the
// package's checksum, and apt checks both. The mirror is the one this machine is configured to use.
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isNewEnough, parseVersion } from "./nats-version.mjs";
import { capture } from "./processes.mjs";
import { SetupError } from "./report.mjs";

const KEYRINGS = ["/usr/share/keyrings/debian-archive-keyring.pgp", "/usr/share/keyrings/debian-archive-keyring.gpg"];

/**
 * Where to look, in order, by the names that move with each release. `testing` is where a new version stays once it
 * has arrived; `unstable` fills the gap if it is taken out for a while. A `stable` that has caught up would have been
 * found in `testing` too, with the smaller risk of a mirror that lacks it.
 */
const SUITES = ["testing", "unstable", "stable-backports", "stable"];

/** Unpacks Debian's nats-server into `folder`; returns the binary's path. */
export async function fetchFromDebian(folder) {
  const keyring = KEYRINGS.find((path) => existsSync(path));
  const hasTools =
    (await capture("apt-get", ["--version"])).code === 0 && (await capture("dpkg-deb", ["--version"])).code === 0;
  if (!keyring || !hasTools) throw new SetupError("this is not a Debian machine with its archive keyring");
  const mirrors = debianMirrors(readSources("/etc/apt"));
  if (mirrors.length === 0) throw new SetupError("no Debian mirror is configured in /etc/apt");
  const reasons = new Set();
  for (const mirror of mirrors) {
    for (const suite of SUITES) {
      const result = await trySuite(join(folder, suite), { mirror, suite, keyring });
      if (result.binary) return result.binary;
      reasons.add(`${suite}: ${result.reason}`);
    }
  }
  throw new SetupError([...reasons].join("; "));
}

async function trySuite(folder, { mirror, suite, keyring }) {
  const config = preparePrivateApt(folder, { mirror, suite, keyring });
  const apt = (command, ...args) =>
    capture(command, ["-c", config, ...args], {
      cwd: folder,
      env: { ...process.env, LC_ALL: "C" },
      timeoutMs: 180_000,
    });
  const update = await apt("apt-get", "update", "--error-on=any");
  if (update.code !== 0) return { reason: `its index cannot be had${aptReason(update.stderr)}` };
  const candidate = /Candidate: (\S+)/.exec((await apt("apt-cache", "policy", "nats-server")).stdout)?.[1];
  if (!candidate || candidate === "(none)") return { reason: "it has no nats-server" };
  if (!isNewEnough(parseVersion(upstreamVersion(candidate)))) return { reason: `its ${candidate} is too old` };
  const download = await apt("apt-get", "download", `nats-server=${candidate}`);
  const archive = readdirSync(folder).find((file) => file.endsWith(".deb"));
  if (download.code !== 0 || !archive) return { reason: `the package cannot be had${aptReason(download.stderr)}` };
  const unpacked = await capture("dpkg-deb", ["-x", join(folder, archive), join(folder, "unpacked")]);
  const binary = join(folder, "unpacked", "usr", "sbin", "nats-server");
  const other = join(folder, "unpacked", "usr", "bin", "nats-server");
  const found = [binary, other].find((path) => existsSync(path));
  return unpacked.code === 0 && found ? { binary: found } : { reason: "the package holds no nats-server" };
}

/** "2.15.1-1" → "2.15.1"; a "~" (before a release) counts as a pre-release. */
export function upstreamVersion(debianVersion) {
  return debianVersion
    .replace(/^\d+:/, "")
    .replace(/-[^-]*$/, "")
    .replace(/[~]/, "-")
    .replace(/[+].*$/, "");
}

function preparePrivateApt(folder, { mirror, suite, keyring }) {
  for (const name of ["lists/partial", "cache/archives/partial", "parts"])
    mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, "status"), "");
  writeFileSync(join(folder, "sources.list"), `deb [signed-by=${keyring}] ${mirror} ${suite} main\n`);
  const config = join(folder, "apt.conf");
  writeFileSync(config, privateAptConfig(folder));
  return config;
}

/** Read after the machine's own settings, of which proxies and credentials stay in force and hooks do not. */
export function privateAptConfig(folder) {
  return `#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear Acquire::IndexTargets;
Acquire::IndexTargets::deb::Packages { MetaKey "$(COMPONENT)/binary-$(ARCHITECTURE)/Packages"; flatMetaKey "Packages"; ShortDescription "Packages"; Description "$(RELEASE)/$(COMPONENT) $(ARCHITECTURE) Packages"; };
Acquire::Languages "none";
Acquire::PDiffs "false";
Acquire::Retries "1";
Acquire::http::Timeout "15";
Acquire::https::Timeout "15";
APT::Sandbox::User "root";
APT::Default-Release "";
Dir::Etc::sourcelist "${folder}/sources.list";
Dir::Etc::sourceparts "${folder}/parts";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "${folder}/parts";
Dir::State "${folder}";
Dir::State::lists "${folder}/lists";
Dir::State::status "${folder}/status";
Dir::State::extended_states "${folder}/extended_states";
Dir::Cache "${folder}/cache";
Dir::Cache::archives "${folder}/cache/archives";
`;
}

/**
 * The machine's Debian mirrors, from the text of its apt sources in either format, most likely first. Security and
 * third-party archives are left out; a wrong guess does no harm, because its index would not carry Debian's signature.
 */
export function debianMirrors(texts) {
  const entries = texts.flatMap(({ name, text }) =>
    name.endsWith(".sources") ? parseStanzas(text) : parseLines(text),
  );
  const usable = entries.filter(
    ({ uri, suites, components, types }) =>
      types.includes("deb") &&
      components.includes("main") &&
      !/security/.test(uri) &&
      suites.some((suite) => !/-security|\/updates/.test(suite)),
  );
  const ordered = [...usable.filter(isLikely), ...usable.filter((entry) => !isLikely(entry))];
  return [...new Set(ordered.map(({ uri }) => uri))].slice(0, 2);
}

function isLikely({ uri, signedBy }) {
  return /\/debian\/?$/.test(uri) || /debian-archive/.test(signedBy);
}

function parseLines(text) {
  const line = /^\s*(deb|deb-src)\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s*([^#]*)/;
  return text.split("\n").flatMap((raw) => {
    const match = line.exec(raw);
    if (!match) return [];
    const [, type, options = "", uri, suite, components] = match;
    return [{ types: [type], uri, suites: [suite], components: components.trim().split(/\s+/), signedBy: options }];
  });
}

function parseStanzas(text) {
  return text.split(/\n\s*\n/).flatMap((stanza) => {
    const fields = new Map();
    // A line that begins with a space continues the field before it.
    for (const raw of stanza
      .replaceAll(/^#.*\n?/gm, "")
      .replaceAll(/\n[ \t]+/g, " ")
      .split("\n")) {
      const [, name, value] = /^([A-Za-z-]+):\s*(.*)$/.exec(raw) ?? [];
      if (name) fields.set(name.toLowerCase(), value.trim());
    }
    const words = (name) => (fields.get(name) ?? "").split(/\s+/).filter((word) => word !== "");
    if (/^no$/i.test(fields.get("enabled") ?? "")) return [];
    const common = { types: words("types"), suites: words("suites"), components: words("components") };
    return words("uris").map((uri) => ({ ...common, uri, signedBy: fields.get("signed-by") ?? "" }));
  });
}

function readSources(folder) {
  const parts = join(folder, "sources.list.d");
  const names = existsSync(parts) ? readdirSync(parts).filter((name) => /\.(list|sources)$/.test(name)) : [];
  return [join(folder, "sources.list"), ...names.map((name) => join(parts, name))]
    .filter((path) => existsSync(path))
    .map((path) => ({ name: path, text: readFileSync(path, "utf8") }));
}

/** apt's own words, but never an address: a mirror's may hold credentials. */
function aptReason(stderr) {
  const first = stderr.split("\n").find((line) => line.startsWith("E: ")) ?? "";
  if (/resolv|connect|timed? ?out|unreachable/i.test(stderr)) return " (the mirror cannot be reached)";
  if (/NO_PUBKEY|not signed|signature|EXPKEYSIG/i.test(stderr))
    return " (its signature is not accepted by this machine's keyring)";
  return first && !/:\/\//.test(first) ? ` (${first.slice(3)})` : "";
}
