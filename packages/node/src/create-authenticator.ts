import {
  type AnonymousConfig,
  type Authenticator,
  authenticatorChain,
  type Clock,
  ConfigurationError,
  type ConfigurationProblem,
  type Observer,
  type PasswordAuthenticator,
  type TokenAuthenticator,
  validateAnonymousConfig,
} from '@kube-authn/core'
import { cached, type CachedOptions } from '@kube-authn/core/token-cache'
import { type PasswordFileAtOptions, passwordFileAt } from './password-file-at.ts'
import { type TokenFileAtOptions, tokenFileAt } from './token-file-at.ts'

/** What {@link createAuthenticator} makes a chain from. */
export interface CreateAuthenticatorOptions {
  /** A CSV file of bearer tokens (`--token-auth-file`), or options with its path. */
  readonly tokenFile?: string | ({ readonly path: string } & TokenFileAtOptions)
  /** A CSV file of passwords (`--basic-auth-file`), or options with its path. */
  readonly passwordFile?: string | ({ readonly path: string } & PasswordFileAtOptions)
  /** More token authenticators, asked after the token file and behind a cache. */
  readonly tokens?: readonly TokenAuthenticator[]
  /** More password authenticators, asked after the password file. */
  readonly passwords?: readonly PasswordAuthenticator[]
  /** The cache in front of `tokens`. Default as kube-apiserver: 10 s for users, 0 for failures. `false`: none. */
  readonly tokenCache?: CachedOptions | false
  /** Let requests without any credential pass as `system:anonymous` (`--anonymous-auth`). Default `false`. */
  readonly anonymous?: boolean | AnonymousConfig
  /** What credentials must be valid for (`--api-audiences`). Default: no restriction. */
  readonly audiences?: readonly string[]
  /** Told of what is noticed in files, and of their reloads. */
  readonly observer?: Observer
  readonly clock?: Clock
}

/** A chain that watches files. */
export interface NodeAuthenticator extends Authenticator {
  /** Stops watching. A process ends without it. */
  close(): void
}

/**
 * Makes the whole chain, in kube-apiserver's order, from what an operator has.
 *
 * Source: kubernetes `pkg/kubeapiserver/authenticator/config.go`.
 *
 * @throws {ConfigurationError} with every problem found, when an option cannot work or a file cannot be used.
 * @example
 * const authenticator = createAuthenticator({ tokenFile: 'tokens.csv', passwordFile: 'passwords.csv' })
 */
export function createAuthenticator(options: CreateAuthenticatorOptions): NodeAuthenticator {
  const { observer, clock, anonymous, audiences, tokens = [], passwords = [] } = options
  const shared = { ...(observer !== undefined && { observer }), ...(clock !== undefined && { clock }) }
  const problems: ConfigurationProblem[] = []
  const opened: { close(): void }[] = []

  const open = <T extends { close(): void }>(path: string, make: () => T): T[] => {
    try {
      const file = make()
      opened.push(file)
      return [file]
    } catch (error) {
      problems.push({ path, message: error instanceof Error ? error.message : String(error) })
      return []
    }
  }
  const close = (): void => {
    for (const each of opened) each.close()
  }

  const fromTokenFile = withPath(options.tokenFile).flatMap(({ path, ...file }) =>
    open('tokenFile', () => tokenFileAt(path, { ...shared, ...file })),
  )
  const fromPasswordFile = withPath(options.passwordFile).flatMap(({ path, ...file }) =>
    open('passwordFile', () => passwordFileAt(path, { ...shared, ...file })),
  )
  const { tokenCache = {} } = options
  const remembered =
    tokenCache === false ? tokens : tokens.map((each) => cached(each, { ...shared, ...tokenCache }))

  try {
    if (problems.length > 0) {
      throw new ConfigurationError([
        ...problems,
        ...(typeof anonymous === 'object' ? validateAnonymousConfig(anonymous) : []),
      ])
    }
    const chain = authenticatorChain({
      // The token file is in memory and may be reloaded at any time; a cache in front of it would only delay that.
      // Deviation: kube-apiserver has one cache in front of all (`docs/deviations.md`, token file in the cache).
      tokens: [...fromTokenFile, ...remembered],
      passwords: [...fromPasswordFile, ...passwords],
      ...(anonymous !== undefined && { anonymous }),
      ...(audiences !== undefined && { audiences }),
    })
    return { ...chain, close }
  } catch (error) {
    close()
    throw error
  }
}

function withPath<T extends { readonly path: string }>(
  file: string | T | undefined,
): readonly (T | { path: string })[] {
  if (file === undefined) return []
  return [typeof file === 'string' ? { path: file } : file]
}
