/** What the domains are called. */
import type { Domain } from "../../shared/core/domain.ts";

export const DOMAIN_WORDS: Readonly<Record<Domain, string>> = {
  target: "suspects and their associates (target)",
  protected: "victims and witnesses (protected)",
  nexus: "the narrow check between both (nexus)",
};
