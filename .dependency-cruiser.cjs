// The trust boundary is an import boundary. These rules are the checkable half of the privacy claim: whoever reads them
// knows what the broker can and cannot hold. `tests/tools/check-boundaries.ts` runs them.

const PROGRAMS = "^(shared|broker|agency-node|deploy)/";

/** An npm package, whether or not it could be resolved to a file. */
const npm = (name) => `^${name}(?:/|$)|(?:^|/)node_modules/${name}/`;

const core = (program) => `^${program}/(core|[^/]+/core)/`;

/** The programs of the board: the administrators' tool, and the registrar, which stays on-line. */
const BOARD_PROGRAMS = "^agency-node/(admin|registrar)/";

/** What a program that hosts or checks an evaluator may take of it: the parts, their ports, settings, what they tell, and what opens their doors. */
const EVALUATOR_ROOTS = "^broker/evaluator/(config|evaluator|events|ports|engine|doors)\\.ts$";

/** Files in which parts are given the machine: programs and their settings, commands, and adapters that are named here. */
const SHELLS = [
  "(^|/)(main|program|config|doors|places|cli|command)\\.ts$",
  "^(shared/(world|platform|party|store|terminal)|broker/disk|agency-node/(cli|admin))/",
  "^deploy/",
];

const forbidden = [
  {
    name: "broker-never-sees-agency-code",
    comment: "Plaintext identifiers and salts exist under agency-node/ only.",
    from: { path: "^broker/" },
    to: { path: "^agency-node/" },
  },
  {
    name: "agency-node-never-imports-broker",
    comment: "A node must run, and be reviewed, without the broker's code.",
    from: { path: "^agency-node/" },
    to: { path: "^broker/" },
  },
  {
    name: "shared-imports-neither-side",
    comment: "What both sides hold may know of neither.",
    from: { path: "^shared/" },
    to: { path: "^(broker|agency-node|deploy)/" },
  },
  {
    name: "board-programs-never-see-records",
    comment:
      "Administrators and registrar decide who belongs to the federation. Of the node they hold nothing: no record, no store, no key.",
    from: { path: BOARD_PROGRAMS },
    to: { path: "^agency-node/", pathNot: BOARD_PROGRAMS },
  },
  {
    name: "node-without-the-board",
    comment: "A node that is taken over has none of the code that signs for the board or issues certificates.",
    from: { path: "^agency-node/", pathNot: BOARD_PROGRAMS },
    to: { path: BOARD_PROGRAMS },
  },
  {
    name: "registrar-decides-nothing",
    comment: "What stays on-line has none of the code that proposes, approves or makes salts.",
    from: { path: "^agency-node/registrar/" },
    to: { path: "^agency-node/admin/" },
  },
  {
    name: "evaluator-without-broker",
    comment: "Another operator runs it, and reviews it, without the broker's code.",
    from: { path: "^broker/evaluator/" },
    to: { path: "^broker/", pathNot: "^broker/evaluator/" },
  },
  {
    name: "evaluator-by-its-roots",
    comment: "The broker hosts an evaluator as anybody would: what is behind the roots is the evaluator's own.",
    from: { path: "^(broker|deploy)/", pathNot: "^broker/evaluator/" },
    to: { path: "^broker/evaluator/", pathNot: EVALUATOR_ROOTS },
  },
  {
    name: "broker-core-without-evaluator",
    comment: "Neither core knows the other.",
    from: { path: core("broker"), pathNot: "^broker/evaluator/" },
    to: { path: "^broker/evaluator/" },
  },
  {
    name: "world-by-its-port",
    comment:
      "Time, timers and randomness come from the world that a part is given: a test or a simulator gives another.",
    from: { path: PROGRAMS, pathNot: SHELLS },
    to: { path: ["^shared/world/random\\.ts$", "^(node:)?(timers|perf_hooks)(/promises)?$"] },
  },
  {
    name: "programs-do-not-import-deploy",
    comment: "deploy/ puts the programs together; they do not know how.",
    from: { path: "^(broker|agency-node)/" },
    to: { path: "^deploy/" },
  },
  ...["shared", "broker", "agency-node"].map((program) => ({
    name: `${program}-core-is-pure`,
    comment:
      "A core module decides from its arguments: it imports other core modules and shared/crypto, no node: module, " +
      "no library, no generated code. The globals it could reach instead are a lint rule (.oxlintrc.json).",
    from: { path: core(program) },
    to: { pathNot: [core(program), "^shared/core/", "^shared/crypto/"] },
  })),
  {
    name: "crypto-draws-no-randomness",
    comment: "What it computes depends on its arguments only: core may use it. Random bytes come from a world.",
    from: { path: "^shared/crypto/" },
    to: { pathNot: ["^shared/(core|crypto)/", npm("libsodium[^/]*")] },
  },
  {
    name: "one-libsodium",
    comment: "One instance, whose functions are probed at start-up.",
    from: { path: PROGRAMS, pathNot: "^shared/crypto/sodium\\.ts$" },
    to: { path: npm("libsodium[^/]*") },
  },
  {
    name: "generated-code-at-the-edges",
    comment: "Wire types are parsed into domain values at once: size cap, decode, check.",
    from: { path: PROGRAMS, pathNot: "^shared/wire/|^agency-node/wire/|/rpc/" },
    to: { path: "^(shared|agency-node)/wire/gen/" },
  },
  {
    name: "plaintext-messages-in-the-node-only",
    comment:
      "The node's own services carry plaintext: nothing outside of agency-node/ can read or write such a message.",
    from: { path: PROGRAMS, pathNot: "^agency-node/" },
    to: { path: "^agency-node/wire/" },
  },
  {
    name: "nats-behind-one-file",
    comment: "The client's successor is another package: few files may know which one it is.",
    from: { path: PROGRAMS, pathNot: "^shared/platform/nats[^/]*\\.ts$|^deploy/demo/" },
    to: { path: npm("nats") },
  },
  {
    name: "words-are-words",
    comment:
      "Texts are made from plain values: they know no message, no file and no page. One file knows the library, one reads languages.",
    from: { path: "^shared/words/", pathNot: "^shared/words/(say|language)\\.ts$" },
    to: { pathNot: ["^shared/(words|core|crypto)/"] },
  },
  {
    name: "messages-behind-one-file",
    comment: "Whoever says something uses `say`.",
    from: { path: PROGRAMS, pathNot: "^shared/words/say\\.ts$" },
    to: { path: npm("intl-messageformat") },
  },
  {
    name: "one-sqlite",
    comment: "One way to keep tables: versions, locks and errors are told alike of every file.",
    from: { path: PROGRAMS, pathNot: "^shared/store/" },
    to: { path: "^(node:)?sqlite$" },
  },
  {
    name: "web-libraries-in-the-kit",
    comment:
      "What keeps strangers out of our pages is in one place: programs describe a site, and never see a request.",
    from: { path: PROGRAMS, pathNot: "^shared/web/" },
    to: { path: npm("(?:hono|@hono|@simplewebauthn|govuk-frontend)") },
  },
  {
    name: "pages-only-where-they-are-served",
    comment: "Nothing but the console and the officers' pages knows HTML, accounts or sessions.",
    from: { path: PROGRAMS, pathNot: "^shared/web/|^broker/console/|^agency-node/web/" },
    to: { path: "^shared/web/", pathNot: "^shared/web/config\\.ts$" },
  },
  {
    name: "console-through-its-port",
    comment:
      "Pages read the broker through console-data.ts: no ledger, board or directory, so nothing of the broker's can be decided there.",
    from: { path: "^broker/console/" },
    to: { path: "^broker/", pathNot: ["^broker/console/", core("broker")] },
  },
  {
    name: "kit-draws-from-its-world",
    comment:
      "Codes, sessions and challenges are random as the world says. The globals are a lint rule (.oxlintrc.json).",
    from: { path: "^shared/web/" },
    to: { path: "^shared/world/(random|clock)\\.ts$|^(node:)?(crypto|timers)", dependencyTypesNot: ["type-only"] },
  },
  {
    name: "no-test-code",
    comment: "Programs do not import tests.",
    from: { path: PROGRAMS },
    to: { path: "^tests/" },
  },
  {
    name: "no-development-dependencies",
    comment: "A production installation does not have them, nor does it build.",
    from: { path: PROGRAMS, pathNot: "^deploy/build/" },
    to: { dependencyTypes: ["npm-dev"], dependencyTypesNot: ["type-only"] },
  },
  {
    name: "only-builds-build",
    comment: "What makes the bundles is not in them.",
    from: { path: PROGRAMS, pathNot: "^deploy/build/" },
    to: { path: "^deploy/build/" },
  },
  { name: "no-cycles", comment: "Two modules that need each other are one.", from: {}, to: { circular: true } },
  {
    name: "resolvable",
    comment: "An import that leads nowhere. One package is types alone: there is no code to find.",
    from: {},
    to: { couldNotResolve: true, pathNot: "^@schummar/icu-type-parser$" },
  },
];

module.exports = {
  forbidden: forbidden.map((rule) => ({ ...rule, severity: "error" })),
  options: {
    doNotFollow: { path: "(^|/)node_modules/" },
    // Types cross boundaries as well as values do: `import type` counts.
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      extensions: [".ts", ".mjs", ".js", ".json"],
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default"],
    },
  },
};
