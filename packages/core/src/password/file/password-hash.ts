/** A parsed password hash. */
export interface PasswordHash {
  /** Whether a check blocks its thread. */
  readonly blocksThread: boolean
  matches(password: string): Promise<boolean>
}
