/** What each kind of alarm means and what to do about it. None of them has stopped an officer: a human decides what it was. */
export const alarms = {
  "alarm.budget": "Budget nearly spent",
  "alarm.budget.means": "The member has spent more than the policy''s share of what it may publish in 24 hours.",
  "alarm.budget.advice": "Ask what the work is. A larger allowance is a change of the policy.",
  "alarm.evaluationBudget": "Evaluations nearly spent",
  "alarm.evaluationBudget.means":
    "The member has spent more than the policy''s share of the evaluations that it may ask an evaluator for in 24 hours.",
  "alarm.evaluationBudget.advice":
    "Ask what the work is: each evaluation is a value that the unit can try. A larger allowance is a change of the policy.",
  "alarm.burst": "Burst of new records",
  "alarm.burst.means": "Far more new records than this member usually publishes in such a time.",
  "alarm.burst.advice": "Ask the unit whether it loaded a file.",
  "alarm.churn": "Published, then withdrawn",
  "alarm.churn.means":
    "Records were published and withdrawn again soon after: a way to ask whether others hold somebody without leaving a record.",
  "alarm.churn.advice": "Ask the unit what it was doing. A correction of an import looks the same.",
  "alarm.enumeration": "Enumeration",
  "alarm.enumeration.means":
    "Records that differ from each other in few tokens, as if values were tried one after the other.",
  "alarm.enumeration.advice": "Ask the unit for the files behind these records. If it cannot name them, suspend it.",
  "alarm.tinyPublications": "Many tiny publications",
  "alarm.tinyPublications.means":
    "Records were published one by one with little in them, as if single values were tried.",
  "alarm.tinyPublications.advice":
    "Ask the unit for the files behind these records. A feed of a case system may look the same.",
  "alarm.hitRateHigh": "Unusually many hits",
  "alarm.hitRateHigh.means": "The share of this member''s records that meet others is far above the federation''s.",
  "alarm.hitRateHigh.advice":
    "It can mean guessing from somebody else''s list. Ask the unit where its records come from.",
  "alarm.hitRateLow": "Unusually few hits",
  "alarm.hitRateLow.means": "The share of this member''s records that meet others is far below the federation''s.",
  "alarm.hitRateLow.advice": "It can mean invented records, or a fault in how the unit writes names and numbers.",
  "alarm.submissionRefused": "Submission refused",
  "alarm.submissionRefused.means":
    "Something arrived under this member''s name that an honest node with an intact disk does not send.",
  "alarm.submissionRefused.advice":
    "Treat the member''s node and the NATS server as possibly broken into. Ask the member by telephone.",
  "alarm.foreignNotices": "Notices from elsewhere",
  "alarm.foreignNotices.means": "The node says that it holds notices which this broker has not sent.",
  "alarm.foreignNotices.advice":
    "Either the broker was restored from an old copy, or somebody else holds its key. Find out which.",
  "alarm.proofFailed": "Claim that was not proven",
  "alarm.proofFailed.means":
    "Another member says that this member''s record does not come from somebody who knows the identifiers that met. Nothing was disclosed.",
  "alarm.proofFailed.advice":
    'Tokens may have been copied from the broker, or the other member says what is not so: see who raised "Denies a claim" at the same time. Ask both.',
  "alarm.proofDenied": "Denies a claim",
  "alarm.proofDenied.means":
    "The member says that another member''s record does not come from somebody who knows the identifiers that met. Nothing was disclosed.",
  "alarm.proofDenied.advice":
    'See whose "Claim that was not proven" was raised at the same time. A member that denies what is true hides that it holds the same person: ask both.',
  "alarm.proofOverdue": "Statement overdue",
  "alarm.proofOverdue.means":
    "The member''s record met another, and its node has not signed what it found: within ten minutes while connected, within two days otherwise. The other side does not learn who asked.",
  "alarm.proofOverdue.advice":
    "Ask the unit why its node does not answer. Publishing, looking and staying silent is a way to ask without being seen.",
  "alarm.misstatements": "Statements that do not verify",
  "alarm.misstatements.means":
    "The member''s node signed statements on meetings that do not fit what met or whose signature does not hold. They count for nothing.",
  "alarm.misstatements.advice": "Ask the unit which version its node runs, and treat the node as possibly broken into.",
  "alarm.quarantined": "Member meets nobody",
  "alarm.quarantined.means":
    "The member owes more overdue statements than the policy allows. Its records meet nobody until its node has answered all of them; then they are all matched again.",
  "alarm.quarantined.advice": "Ask the unit to start its node. If it does not answer for days, suspend it.",
  "alarm.streamIncomplete": "Submissions lost by NATS",
  "alarm.streamIncomplete.means":
    "The member''s stream has lost submissions. Its node is asked to compare what it has published with what the broker holds, and sends again what is missing. Until then matches of those records may be missing.",
  "alarm.streamIncomplete.advice":
    "Look at the disks of the NATS servers. The alarm ends by itself once the member''s digests agree again.",
  "alarm.streamNearlyFull": "Stream nearly full",
  "alarm.streamNearlyFull.means":
    "More than 70 % of the messages or bytes that this member''s submission stream may hold are used. Nothing leaves it within an epoch, and a full stream takes nothing more of the member.",
  "alarm.streamNearlyFull.advice":
    "For bytes: have the broker''s operator raise streams.submissionBytesMax. For messages: open another epoch in time; the stream is emptied of an epoch that has ended.",
  "alarm.streamFlooded": "Stream filled with junk",
  "alarm.streamFlooded.means":
    "Somebody wrote so much into this member''s stream that cannot be opened that the member itself could soon write nothing more. The stream was emptied. Nothing is lost: the member''s node sends again what has no receipt.",
  "alarm.streamFlooded.advice":
    "Somebody has the member''s NATS user, or the NATS server. If it comes again, give the member new keys (rotate-key): it gets another NATS account with them, and the old one is closed. Suspend it until then if you must.",
  "alarm.directoryRefused": "Chain of directives refused",
  "alarm.directoryRefused.means":
    "The broker was given a chain that it could not prove. What was proven before stays in force.",
  "alarm.directoryRefused.advice":
    "Compare the chain with each other by telephone: somebody may show different histories to different parties.",
  "alarm.unknownKind": "Node of a later version",
  "alarm.unknownKind.means":
    "The node sent something of a kind that this broker''s version does not know. It was skipped, and the node was told so.",
  "alarm.unknownKind.advice": "Ask the broker''s operator to update the broker.",
  "alarm.clockDisagrees": "Clocks disagree",
  "alarm.clockDisagrees.means":
    "This broker''s clock and the members'' clocks differ by more than five minutes. Nothing expires until they agree; what is past its review day meets nobody.",
  "alarm.clockDisagrees.advice":
    "Set the broker''s clock by NTP. If it is right, ask the units to set theirs: most of them are wrong then.",
  "alarm.sweepHeld": "Many records past their review day",
  "alarm.sweepHeld.means":
    "More than a third of all records are past their review day at once. They meet nobody; they are taken out over the days to come, so that a wrong clock cannot empty the federation.",
  "alarm.sweepHeld.advice": "See whether the date on the broker''s machine is right. If it is, nothing is to be done.",
  "alarm.journalRefused": "Ledger not stored by NATS",
  "alarm.journalRefused.means":
    "NATS does not store the second copy of the ledger, or does not answer. What the broker does is not in both copies, so nothing is confirmed to anybody, and no overlap is told.",
  "alarm.journalRefused.advice":
    "Have the operator of the NATS server make room on its disk, then restart nats-server: it keeps its write error until then. The alarm ends by itself.",
  "alarm.ledgerLost": "Ledger begun anew",
  "alarm.ledgerLost.means":
    "The ledger was gone, and its copy at NATS too. The broker has begun a new one: matches, budgets and statements of before are unknown to it until the members'' nodes have sent again what they know.",
  "alarm.ledgerLost.advice":
    "If there is a backup of the broker''s databases or of the NATS server, have the broker''s operator stop it and put that back. Find out how both were lost.",
  "alarm.takenOver": "Another broker has taken over",
  "alarm.takenOver.means":
    "The broker that was active did not renew its lease for five seconds. A standby has taken over with all that the first one had confirmed.",
  "alarm.takenOver.advice":
    "Have the operator look at the machine of the broker that was active before. Until it stands by there is no second one.",
} as const;
