/** What the broker went back on since this program started; for the status, so that it is not only in a log. */
export class BrokerFaults {
  /** Submissions that it gave a receipt for and then asked for again. */
  lostSubmissions = 0;
  /** Notices that do not follow from those before. */
  brokenNotices = 0;
}
