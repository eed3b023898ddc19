/** Loaded with `--import`: a process whose clock is ahead by `CAUSEWAY_TEST_AHEAD_MS`. Its timers go on as they do. */
const RealDate = Date;
const aheadMs = Number(process.env["CAUSEWAY_TEST_AHEAD_MS"]);
const now = (): number => RealDate.now() + aheadMs;

const ShiftedDate = new Proxy(RealDate, {
  construct: (real, args, of) => Reflect.construct(real, args.length === 0 ? [now()] : args, of) as Date,
  apply: () => new RealDate(now()).toString(),
  get: (real, key) => (key === "now" ? now : Reflect.get(real, key)) as unknown,
});
RealDate.prototype.constructor = ShiftedDate;
globalThis.Date = ShiftedDate;
