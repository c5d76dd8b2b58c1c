/** A password hash as a file has it. */
export interface PasswordHash {
  /** Whether a check would keep the thread busy that makes it. */
  readonly blocksThread: boolean
  matches(password: string): Promise<boolean>
}
