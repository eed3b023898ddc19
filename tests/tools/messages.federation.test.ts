import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "..", "..");

describe("the messages", () => {
  const broken = (edit: (text: string) => string): string => {
    const copy = mkdtempSync(join(tmpdir(), "causeway-proto-"));
    cpSync(join(ROOT, "proto"), copy, { recursive: true });
    const file = join(copy, "causeway", "v1", "data_plane.proto");
    writeFileSync(file, edit(readFileSync(file, "utf8")));
    const buf = join(ROOT, "node_modules", ".bin", "buf");
    const against = join(ROOT, "proto", "baseline.binpb");
    const { status, stdout } = spawnSync(buf, ["breaking", copy, "--against", against], { encoding: "utf8" });
    rmSync(copy, { recursive: true });
    return status === 0 ? "" : stdout;
  };

  it("may grow, and may not change what the version before sends", () => {
    expect(broken((text) => text)).toBe("");
    expect(broken((text) => text.replace("message Withdraw {}", "message Withdraw { uint32 why = 1; }"))).toBe("");
    expect(broken((text) => text.replace("uint64 notice_number = 1;", "string notice_number = 1;"))).toContain("type");
    expect(broken((text) => text.replace("  uint32 epoch = 6;\n", ""))).toContain("deleted");
    expect(broken((text) => text.replace("HANDLING_OPEN = 1", "HANDLING_OPEN = 9"))).toContain("Handling");
  });

  it("are compared in every verification", () => {
    expect(readFileSync(join(import.meta.dirname, "verify.ts"), "utf8")).toContain('"proto:breaking"');
  });
});
