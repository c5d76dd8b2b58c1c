import {
  ConfigurationError,
  type ConfigurationProblem,
  isConfigurationError,
  type PasswordAuthenticator,
  type TokenAuthenticator,
} from '@kube-authn/core'
import {
  type KeystoneFetch,
  keystonePassword,
  type KeystonePasswordOptions,
  keystoneServiceToken,
  type KeystoneServiceTokenOptions,
  keystoneToken,
  type KeystoneTokenOptions,
} from '@kube-authn/core/keystone'
import type { ReloadOptions } from './file-source/reloading-source.ts'
import { createFetch, type HttpFetch } from './http/create-fetch.ts'

/** Options of {@link keystoneAt}: those of `keystonePassword` and `keystoneToken`. Those of reloading are about the CA file. */
export interface KeystoneAtOptions
  extends
    ReloadOptions,
    Omit<KeystonePasswordOptions, 'url' | 'fetch'>,
    Omit<KeystoneTokenOptions, 'url' | 'fetch' | 'serviceToken'> {
  /**
   * A PEM file of those who may issue Keystone's certificate, instead of the authorities that come with Node
   * (`--experimental-keystone-ca-file`). It is read again when it changes.
   */
  readonly ca?: string
  /** Asks about tokens in the name of this user. Default: each token is asked about with itself. */
  readonly service?: Pick<KeystoneServiceTokenOptions, 'credential' | 'scope'>
}

/** Who knows the users of a Keystone. */
export interface KeystoneAt {
  readonly passwords: PasswordAuthenticator
  /** To be put behind `cached`. */
  readonly tokens: TokenAuthenticator
  /** Ends what is idle and stops watching. A process ends without it. */
  readonly close: () => void
}

/**
 * Knows the passwords and the tokens of OpenStack Identity v3 at a URL (`--experimental-keystone-url`), over connections of their
 * own.
 *
 * Source: release-1.6 `plugin/pkg/authenticator/password/keystone`.
 *
 * @throws {ConfigurationError} with every problem of the options and the CA file.
 * @example
 * const { passwords, tokens } = keystoneAt('https://keystone.example.com:5000', { ca: '/etc/my-app/keystone-ca.crt' })
 */
export function keystoneAt(url: string, options: KeystoneAtOptions = {}): KeystoneAt {
  const { ca, service, reload, settleSeconds, pollSeconds, observer, ...keystone } = options
  const { timeoutSeconds, maxResponseBytes, clock } = keystone
  const problems = new Map<string, ConfigurationProblem>()
  const attempt = <T>(make: () => T): T | undefined => {
    try {
      return make()
    } catch (error) {
      if (!isConfigurationError(error)) throw error
      for (const problem of error.problems) {
        // Several have the same option, and the first knows most about it.
        if (!problems.has(problem.path)) problems.set(problem.path, problem)
      }
      return undefined
    }
  }

  const call: KeystoneFetch = (target, init) => {
    if (fetch === undefined) throw new Error('there are no connections')
    return fetch(target, init)
  }
  const asked = { ...keystone, url, fetch: call }
  const passwords = attempt(() => keystonePassword(asked))
  const serviceToken = service && attempt(() => keystoneServiceToken({ ...asked, ...service }))
  const tokens = attempt(() =>
    keystoneToken({ ...asked, ...(serviceToken !== undefined && { serviceToken }) }),
  )
  // Last: it opens files, and nothing throws after it.
  const fetch: HttpFetch | undefined = attempt(() =>
    createFetch(ca === undefined ? {} : { ca: { path: ca } }, {
      ...(reload !== undefined && { reload }),
      ...(settleSeconds !== undefined && { settleSeconds }),
      ...(pollSeconds !== undefined && { pollSeconds }),
      ...(observer !== undefined && { observer }),
      ...(clock !== undefined && { clock }),
      ...(timeoutSeconds !== undefined && { timeoutSeconds }),
      ...(maxResponseBytes !== undefined && { maxResponseBytes }),
    }),
  )
  if (passwords === undefined || tokens === undefined || fetch === undefined || problems.size > 0) {
    fetch?.close()
    throw new ConfigurationError([...problems.values()])
  }
  return { passwords, tokens, close: fetch.close }
}
