import type { Authenticator, ConfigurationProblem, TokenAuthenticator } from '@kube-authn/core'
import type { RevocationSource } from '@kube-authn/core/internal'
import { unlessRevoked } from '@kube-authn/core/revocation'
import { problemsOf } from '../options/option-problems.ts'

/** Creates the parts of a chain, collects their problems, and closes them. */
export interface Opener {
  /** The problems so far, by option. */
  readonly problems: readonly ConfigurationProblem[]
  /** Creates the part of an option that has nested options; `undefined`, with a problem under one of these, if `make` throws. */
  attempt<T>(option: string, make: () => T): T | undefined
  /** Like `attempt`, for a part that has to be closed. */
  open<T extends { readonly close: () => void }>(option: string, make: () => T): T | undefined
  /** Like `open`, for a file or options with one: problems in the file name their own location. */
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

/** A chain with its token authenticators. */
interface Chain {
  readonly chain: Authenticator
  readonly tokens: readonly TokenAuthenticator[]
}

/** The same chain, which refuses what is revoked. */
export function refuseRevoked(revocations: RevocationSource | undefined, { chain, tokens }: Chain): Chain {
  if (revocations === undefined) return { chain, tokens }
  return {
    chain: unlessRevoked(revocations, chain),
    tokens: tokens.map((each) => unlessRevoked(revocations, each)),
  }
}
