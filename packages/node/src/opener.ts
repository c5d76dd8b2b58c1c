import type { ConfigurationProblem } from '@kube-authn/core'
import { problemsOf } from './options/problems-of.ts'

/** Makes the parts of a chain, keeps what is wrong with them, and closes them again. */
export interface Opener {
  /** What was wrong so far, by the option that it came from. */
  readonly problems: readonly ConfigurationProblem[]
  /** Makes a part of an option with options of its own; `undefined`, with a problem of one of those, when that throws. */
  attempt<T>(option: string, make: () => T): T | undefined
  /** The same, for what has to be closed. */
  open<T extends { readonly close: () => void }>(option: string, make: () => T): T | undefined
  /** The same for a file, or options with one: what is wrong in it says itself where. */
  openFile<T extends { readonly close: () => void }>(option: string, make: () => T): T | undefined
  /** Closes everything that was opened. */
  close(): void
}

/** See {@link Opener}. */
export function opener(): Opener {
  const problems: ConfigurationProblem[] = []
  const opened: { readonly close: () => void }[] = []

  const attemptAs = <T>(option: string, separator: '.' | ': ', make: () => T): T | undefined => {
    try {
      return make()
    } catch (error) {
      problems.push(...problemsOf(option, error, separator))
      return undefined
    }
  }
  const kept = <T extends { readonly close: () => void }>(part: T | undefined): T | undefined => {
    if (part !== undefined) opened.push(part)
    return part
  }

  return {
    problems,
    attempt: (option, make) => attemptAs(option, '.', make),
    open: (option, make) => kept(attemptAs(option, '.', make)),
    openFile: (option, make) => kept(attemptAs(option, ': ', make)),
    close() {
      for (const each of opened) each.close()
    },
  }
}
