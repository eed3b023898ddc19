// Old syntax only: this file must load on any Node that knows modules.

var OLDEST_MAJOR = 20;

/** What to tell somebody whose Node (`version`, such as "18.19.0") cannot run the set-up, or "" when it can. */
export function complaintAboutNode(version) {
  var major = parseInt(version, 10);
  if (major >= OLDEST_MAJOR) return "";
  return (
    "causeway: Node " +
    version +
    " is too old to set this up; any Node from " +
    OLDEST_MAJOR +
    " on will do.\n" +
    "  Install a newer Node and try again. The version the project itself runs on is then fetched for you."
  );
}
