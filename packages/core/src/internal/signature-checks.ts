/**
 * The signatures that were checked synchronously, of all requests: on Node, and not by WebCrypto. An object, since each request reads it, and a call takes
 * longer.
 */
export const signatureChecks = {
  count: 0,
  /** Waits until the requests that arrived together have been read. Set with the first check: other runtimes do not need the code. */
  endOfTurn: (): Promise<void> => Promise.resolve(),
}
