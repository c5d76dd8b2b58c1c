import { type ConfigurationProblem, isConfigurationError } from '@kube-authn/core'

/** Makes the parts of a chain, keeps what is wrong with them, and closes them again. */
export interface Opener {
  /** What was wrong so far, by the option that it came from. */
  readonly problems: readonly ConfigurationProblem[]
  /** Makes a part under the name of an option; `undefined`, with a problem, when that throws. */
  attempt<T>(option: string, make: () => T): T | undefined
  /** The same, for what has to be closed. */
  open<T extends { readonly close: () => void }>(option: string, make: () => T): T | undefined
  /** Closes everything that was opened. */
  close(): void
}

/** See {@link Opener}. */
export function opener(): Opener {
  const problems: ConfigurationProblem[] = []
  const opened: { readonly close: () => void }[] = []

  const attempt = <T>(option: string, make: () => T): T | undefined => {
    try {
      return make()
    } catch (error) {
      problems.push(...problemsOf(option, error))
      return undefined
    }
  }

  return {
    problems,
    attempt,
    open(option, make) {
      const part = attempt(option, make)
      if (part !== undefined) opened.push(part)
      return part
    },
    close() {
      for (const each of opened) each.close()
    },
  }
}

function problemsOf(option: string, error: unknown): readonly ConfigurationProblem[] {
  if (!isConfigurationError(error)) {
    return [{ path: option, message: error instanceof Error ? error.message : String(error) }]
  }
  return error.problems.map(({ path, message }) => ({ path: option, message: `${path}: ${message}` }))
}
