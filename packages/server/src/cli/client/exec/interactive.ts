import { Failure } from '../../failure.ts'

/** The standard input that a plug-in may ask a person by. */
export interface StandardInput {
  readonly isTerminal: boolean
  /** Why it has another use; absent if it has none. */
  readonly usedFor?: string
}

/**
 * Whether a plug-in gets the standard input.
 *
 * Source: client-go `plugin/pkg/client/auth/exec/exec.go` (isInteractive).
 *
 * @param mode `Never`, `IfAvailable` or `Always`.
 * @throws {Failure} if it must have it, and there is none.
 */
export function isInteractive(mode: string, { isTerminal, usedFor }: StandardInput): boolean {
  switch (mode) {
    case 'Never':
      return false
    case 'IfAvailable':
      return isTerminal && usedFor === undefined
    case 'Always':
      if (!isTerminal) throw notInteractive('standard input is not a terminal')
      if (usedFor !== undefined) {
        throw notInteractive(`standard input is unavailable${usedFor === '' ? '' : `: ${usedFor}`}`)
      }
      return true
    default:
      throw notInteractive(`unknown interactiveMode: ${JSON.stringify(mode)}`)
  }
}

function notInteractive(why: string): Failure {
  return new Failure(`exec plugin cannot support interactive mode: ${why}`)
}
