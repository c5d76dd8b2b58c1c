/** How long a refresh may take. Afterwards another request or replica tries. */
export const REFRESH_TIMEOUT_MS = 30_000
