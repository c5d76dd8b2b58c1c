import {
  type Authenticator,
  ConfigurationError,
  type ConfigurationProblem,
  type TokenAuthenticator,
} from '@kube-authn/core'
import type { RevocationSource } from '@kube-authn/core/internal'
import { unlessRevoked } from '@kube-authn/core/revocation'
import type { FileOption } from '../options/file-option.ts'
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
  /** Like `openFile`, for an option that may be absent: a path, or options with one. @param shared further options, unless the file has its own. */
  openAt<O extends object, T extends { readonly close: () => void }>(
    option: string,
    file: FileOption<O> | undefined,
    shared: O,
    make: (path: string, options: O) => T,
  ): T | undefined
  readonly close: () => void
}

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

  const openFile: Opener['openFile'] = (option, make) => kept(attemptAs(option, ': ', make))

  return {
    problems,
    attempt: (option, make) => attemptAs(option, '.', make),
    open: (option, make) => kept(attemptAs(option, '.', make)),
    openFile,
    openAt(option, file, shared, make) {
      if (file === undefined) return undefined
      const { path, ...own } = typeof file === 'string' ? { path: file } : file
      return openFile(option, () => make(path, { ...shared, ...own }))
    },
    close() {
      for (const each of opened) each.close()
    },
  }
}

/** The problems of making something with an {@link opener}, which is closed at once. */
export function problemsOfMaking(make: () => { close(): void }): readonly ConfigurationProblem[] {
  try {
    make().close()
    return []
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    return error.problems
  }
}

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
