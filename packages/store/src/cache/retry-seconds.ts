/** When a client may try again whose request needs a copy that is too old. With a delay the answer is a 503, so that no client takes its credential for a bad one. */
export const RETRY_SECONDS = 2
