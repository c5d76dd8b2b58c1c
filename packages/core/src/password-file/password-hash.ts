/** A password hash as a file has it. */
export interface PasswordHash {
  matches(password: string): Promise<boolean>
}
