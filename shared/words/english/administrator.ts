/** What administrators and the registrar's operator read at a terminal. Commands and their options stand as they are typed. */
export const administrator = {
  "desk.brokerAway": "The broker does not answer. Is it running, and does its address in the chain still hold?",
  "desk.certificateEnds":
    "Your certificate is in the last third of its life and could not be renewed now: is the registrar running?",
  "desk.fact": "{label}: {text}",
  "desk.effective": "It has taken effect.",
  "desk.proposed": "Proposed, with your signature. Read this digest to the others: {digest}",
  "desk.approve": "They run: {command}",

  "signing.nothing": "Nothing waits for signatures.",
  "signing.digest": "Digest",
  "signing.type": "Type",
  "signing.about": "About",
  "signing.state": "State",
  "signing.signedBy": "Signed by",
  "signing.missing": "Missing",
  "signing.expires": "Expires",
  "signing.digestIs": "Digest: {digest}",
  "signing.signers": "Signed by: {names}",
  "signing.signersMissing": "Signed by: {names}; {missing} missing",
  "signing.nobody": "nobody on the board",
  "signing.signed": "Signed: {signatures} of {quorum} signatures.",
  "signing.effective": "Signed, and it has taken effect as directive {number}.",
  "signing.endorsed": "Signed. An administrator hands it in: {command}",
  "signing.compare": "Have the proposer read out the digest, and compare it with what you type.",
  "signing.question": "Digest (16 digits):",
  "signing.signIn": "Open {url} and type {code} before {until}. It works once.",

  // What was looked into before a signature, and what nobody at this seat can look into.
  "check.losses": "See what this loses: {command}",
  "check.keyId":
    "Compare the key id with the one that was printed where the key was made, as it is read out by telephone.",
  "check.changes": "Changes: {what}.",
  "check.changesNothing": "Changes nothing: the terms are as they were.",
  "check.losesDomains":
    "Loses {domains}: its records there meet nobody from then on, and its node takes them back. Who holds the salt of that domain still knows it until a rotation.",
  "check.newRoot": "Compare the id with what the registrar''s machine printed: {id}. It ends on {until}.",
  "check.rootLeaves":
    "No longer believed: {id}. Whoever has not asked for another certificate since the new root came is cut off.",
  "check.places":
    "Each must answer at its new address already. Keep the old ones answering, a TCP forward is enough, until every unit has this directive: {command}.",
  "check.newShares": "Not checked: the new shares. Only a quorum that recovers a salt would see a wrong one.",
  "check.leftOut": "Left out: the new sealing key that {member} offers.",
  "check.brokerKey": "Checked: the broker''s key is the one that it offers.",
  "check.salts":
    "Checked: the salts are the ones that follow from all contributions, yours among them, and your shares are of them.",
  "check.othersBoxes":
    "Not checked: boxes and shares for others. A member refuses a wrong box; a wrong share shows when a quorum recovers the salt.",
  "check.saltsUnchecked":
    "Not checked, because you have not contributed: the salts. You rely on the contributors who have signed.",
  "check.ready": "Checked: everybody who is not named as left behind says, signed, that it is ready.",
  "check.notReady": "Not ready, and not named: {member}",
  "check.noEnrolment":
    "No enrolment with these keys is at the broker: have the unit send you its enrolment, and compare the key ids.",
  "check.enrolment":
    "These keys are those of the enrolment with the fingerprint {fingerprint}: have the unit read it out to you.",
  "check.boxes": "Not checked: the boxes with the salts. The member refuses a wrong one.",

  "cut.anew": "Epoch {epoch} would be published anew: {records} records, {tokens} tokens.",
  "cut.leftBehind":
    "Not carried over: {records} records that the broker holds and no member states as live (test records, past review, or newer than its last word).",
  "cut.time": "Expected time: {seconds} seconds, from the measured rate, once all members are there.",
  "cut.announced": "Epoch {epoch} is announced; the broker has its key ready.",
  "cut.offered": "New sealing keys offered by: {members}",
  "cut.offeredByNobody": "nobody yet",
  "cut.silent": "Not yet, and would keep the key they have: {members}",
  "cut.sharesMissing": "Evaluators that have not offered a new share: {evaluators}",
  "cut.pledgeNext": "Next, every contributor: {command}",
  "cut.state": "Epoch {epoch}: {state}, to be retired by {at}",
  "cut.ready": "ready",
  "cut.nothingMatched": "No other epoch is open: from then on nothing is matched, until another is open.",
  "cut.staysOpen": "Epoch {epoch} stays open.",
  "cut.staysOpenInactive": "Epoch {epoch} stays open, and is not active yet: activate it next.",
  "cut.member": "Member",
  "cut.unmatched": "Records that match nobody any more",
  "cut.underWay": "more is on its way",
  "cut.unheard": "not heard of late",
  "cut.neverCorrelate": "{count} values that mean nobody must be listed again.",
  "cut.rotationDue":
    "A rotation is due: somebody knows salts in use whom they are not for any more.{newGeneration, select, yes { New evaluator keys are needed: {command}.} other {}}",

  "ceremony.pledged": "Pledged, for {domains}. So far: {names}; {quorum} are needed.",
  "ceremony.revealNext": "Once all who take part have pledged, each of them: {command}",
  "ceremony.revealed": "Revealed to {names}, sealed. Whoever pledges from now on is refused.",
  "ceremony.openNext": "Once all of them have: one of them runs {command}",
  "ceremony.salts": "Salts of epoch {epoch}:",
  "ceremony.hasRevealed": "revealed",
  "ceremony.hasPledged": "pledged, not revealed",

  // What others must do before a command can go on.
  "waiting.pledges": "{count} more must pledge: {command}",
  "waiting.ownReveal": "You have not revealed yours: {command}",
  "waiting.reveal": "{name} must run: {command}",
  "waiting.evaluator": "Evaluator {name} has not offered its new key share: is it running?",
  "waiting.shares": '{count} of these administrators must run "{command}": {names}.',
  "waiting.again": "Then run this command again, with the same options.",

  "chainList.proven": "{federation}: every directive is proven from the pinned fingerprint.",
  "chainList.number": "No",
  "chainList.issued": "Issued",
  "chainList.type": "Type",
  "chainList.about": "About",
  "chainList.signedBy": "Signed by",
  "chainList.hash": "Hash",

  "memberList.slug": "Slug",
  "memberList.name": "Name",
  "memberList.state": "State",
  "memberList.mandate": "Mandate",
  "memberList.domains": "Domains",
  "memberList.retention": "Retention",
  "memberList.retentionIs": "{days} days",
  "memberList.budget": "Budget",
  "memberList.budgetIs": "{perDay} a day",
  "memberState.active": "in good standing",
  "memberState.suspended": "suspended",
  "memberState.removed": "removed",

  "healthList.member": "Member",
  "healthList.saidAt": "Said at",
  "healthList.version": "Version",
  "healthList.published": "Published",
  "healthList.publishedIs": "{published} of {records}",
  "healthList.digest": "Digest",
  "healthList.outbox": "Outbox",
  "healthList.forged": "FORGED statement",
  "healthList.silent": "nothing heard",
  "healthList.open": "open",
  "healthList.agreed": "agreed",
  "healthList.empty": "empty",
  "healthList.since": "since {at}",
  "healthList.noRoom": "{slug}: NATS refuses its streams, most likely for want of room.",
  "healthList.skipped": "{slug}: its version does not know {count} of the broker''s notices: it must be updated.",

  "invitation.send":
    "Send the unit this code, by a way that the broker''s operator does not control. It works once, until {until}:",
  "invitation.unitRuns": "The unit runs: {command}",
  "invitation.invited": "Invited: {note}, until {until}",
  "invitation.nobody": "Nobody is invited, and nobody has enrolled.",
  "invitation.for": "For",
  "invitation.kind": "Kind",
  "invitation.callsItself": "Calls itself",
  "invitation.mandate": "Mandate",
  "invitation.fingerprint": "Fingerprint",

  "shares.nobodyAsks": "Nobody asks for salts.",
  "shares.id": "Id",
  "shares.who": "Who asks",
  "shares.purpose": "For what",
  "shares.epochs": "Salts of epochs",
  "shares.askedAt": "Asked at",
  "shares.asks": "{name} asks for the salts of epoch {epochs}, to {purpose}.",
  "shares.means":
    "With shares of a quorum {name} knows what a member knows: the salts. No token and no record follows from them alone.",
  "shares.question": "Release your shares to {name}? Type yes:",
  "shares.released": "Released to {name}, and to nobody else.",

  "party.keysMade": "Keys made in {dir}.",
  "joining.later": "Handed in. Later: {command}",
  "joining.waits": "Waiting for the boards directive; Ctrl-C ends that, and the same command goes on.",
  "joining.keyTaken": "The board has named the key, and it is in place. Restart the program.",
  "party.keyId": "The id of its signing key, as proposals name it, if the board asks by telephone:",
  "roots.id": "id",
  "roots.until": "ends on",
  "roots.made":
    "Made {file}; it ends on {until}. For the board: causeway admin tls-roots DIR --add FILE. Read its id to them by telephone:",
  "party.founded": "Founded {federation} with {count} directives.",
  "party.fingerprint": "Fingerprint, to be given to every party by another way than its bundle:",
  "party.bundles": "Bundles:",
  "party.registrar": "Registrar, to be moved to the machine that stays on-line: {dir}",
  "party.renew": "The bundles are out of date tomorrow; renew with: {command}",
  "party.installed": "Installed as {identity} of {federation}, directive {directive}.",
  "party.caughtUp": "This party knows the directives up to {number}.",
  "party.fresh": "Directive {number} is the latest; stated in {files}.",
  "party.natsServers":
    "For a cluster: copy {servers} to every server, for `causeway nats-config --servers`, and restart the registrar.",
  "party.issued":
    "Issued to {party}. At the party: causeway admin install DIR --bundle {dir} --fingerprint FINGERPRINT",
  "party.freshnessKeyId": "Its id, as the proposal names it:",
  "party.freshnessKey": "Made. For the board''s rotate-key directive, by telephone or in person:",
  "party.startServer": "Start the server with: {command}",
  "party.newRegistrar":
    "Made a registrar's keys. For the board: causeway admin tls-roots DIR --add {file}. Read the id of the root to them by telephone: {root}",
  "party.nothingWrong": "Nothing is wrong with this directory of {party}.",
  "broker.verify.agree": "{database}: both copies agree, at position {file}.",
  "broker.verify.fileBehind":
    "{database}: {path} stands at position {file}, the copy at NATS at {stream}. The next start carries out what is missing.",
  "broker.verify.streamBehind":
    "{database}: the copy at NATS stands at position {stream}, {path} at {file}. The next start sends what is missing.",
  "broker.verify.streamMissing":
    "{database}: NATS has no copy of {path}, or an older one than it had. The next start writes it anew.",
  "broker.verify.otherBranch":
    "{database}: {path} is older than the copy at NATS reaches back, or was written by a broker that was not active. The next start puts it aside and makes it anew.",
  "broker.verify.fileMissing": "{database}: {path} is missing. The next start makes it anew from the copy at NATS.",
  "broker.verify.fileDamaged":
    "{database}: {path} is damaged. The next start puts it aside and makes it anew from the copy at NATS. Look at the disk.",
  "broker.verify.contentDiffers":
    "{database}: {path} and the copy at NATS have the same position {file} and not the same content: somebody has written to one of them. Put {path} aside: the next start makes it anew from the copy at NATS.",
  "broker.verify.inUse":
    "{database}: a running program has {path} open. The copy at NATS stands at position {stream}. To compare them, stop the broker.",
  "broker.verify.notKept": "{database}: not kept here.",
  "broker.verify.streamBroken":
    "The copy at NATS cannot be read to its end: it is damaged, or sealed with a key that is not in keys/. Copy keys/ from the broker that was active last, or let the next start write the copy anew.",
  "broker.verify.active": "A broker is active since {since}.",
} as const;
