import type { LogEntry } from '../authenticator/log.ts'

/** What is said about a refusal after its first part. */
export interface Told extends Pick<LogEntry, 'sent' | 'refusedBy' | 'username' | 'reason' | 'advice'> {
  /** As in `bearer token (not a JWT) refused by tokenFile: reason`. */
  readonly sentence: string
}
