import {
  type Authenticator,
  ConfigurationError,
  type ConfigurationProblem,
  type PasswordAuthenticator,
  type TokenAuthenticator,
} from '@kube-authn/core'
import {
  aString,
  defined,
  isConfigurationError,
  nested,
  optionProblems,
  refuseProblems,
  replaceProblems,
  without,
} from '@kube-authn/core/internal'
import {
  type KeystoneFetch,
  keystonePassword,
  type KeystonePasswordOptions,
  keystoneServiceToken,
  type KeystoneServiceTokenOptions,
  keystoneToken,
  type KeystoneTokenOptions,
  xAuthToken,
} from '@kube-authn/keystone'
import {
  keystonePasswordShape,
  keystoneServiceTokenShape,
  keystoneTokenShape,
} from '@kube-authn/keystone/internal'
import { aBoolean, type OptionsShape, required } from '@kube-authn/core/adapter'
import { cached, type CachedOptions } from '@kube-authn/core/remote'
import { aPath } from '../options/file-option.ts'
import { RELOAD_OPTIONS, reloadOf, reloadShape } from '../options/reload-options.ts'
import type { ReloadOptions } from '../file-source/reloading-source.ts'
import { createFetch, type HttpFetch } from '../http/create-fetch.ts'
import { closeable, type Closeable } from '../options/closeable.ts'

/** Options of {@link keystoneAt}: those of `keystonePassword` and `keystoneToken`. The reload options apply to the CA file. */
export interface KeystoneAtOptions
  extends
    ReloadOptions,
    Omit<KeystonePasswordOptions, 'url' | 'fetch'>,
    Omit<KeystoneTokenOptions, 'url' | 'fetch' | 'serviceToken'> {
  /**
   * A PEM file with the CAs of Keystone's certificate, instead of Node's default CAs (`--experimental-keystone-ca-file`). It is reloaded when it
   * changes.
   */
  readonly caFile?: string
  /** The service user that validates tokens. Default: each token authorizes its own validation. */
  readonly service?: Pick<KeystoneServiceTokenOptions, 'credential' | 'scope'>
}

const { credential, scope } = keystoneServiceTokenShape

const keystoneAtShape: OptionsShape<KeystoneAtOptions> = {
  ...reloadShape,
  ...without(keystonePasswordShape, 'url', 'fetch'),
  ...without(keystoneTokenShape, 'url', 'fetch', 'serviceToken'),
  caFile: aPath,
  service: nested({ credential, scope }),
}

/** The authenticators of a Keystone. */
export interface KeystoneAt extends Closeable {
  readonly passwords: PasswordAuthenticator
  /** Wrap it in `cached`. */
  readonly tokens: TokenAuthenticator
}

/**
 * Checks passwords and tokens with OpenStack Identity v3 at a URL (`--experimental-keystone-url`).
 *
 * Source: release-1.6 `plugin/pkg/authenticator/password/keystone`.
 *
 * @throws {ConfigurationError} with every problem of the options and the CA file.
 * @example
 * const { passwords, tokens } = keystoneAt('https://keystone.example.com:5000', { caFile: '/etc/my-app/keystone-ca.crt' })
 */
export function keystoneAt(url: string, options: KeystoneAtOptions = {}): KeystoneAt {
  const found = optionProblems(keystoneAtShape, options)
  if (found.some(({ path }) => path === 'options')) refuseProblems(found)
  const { caFile, service, timeoutSeconds, maxBytes, clock } = options
  const keystone = without(options, 'caFile', 'service', 'observer', ...RELOAD_OPTIONS)
  const ofPasswords = without(keystone, 'tokenProvider')
  const ofTokens = without(keystone, 'userAtDomain', 'scope', 'successTtlSeconds', 'failureTtlSeconds')
  const problems = new Map(found.map((problem) => [problem.path, problem] as const))
  const attempt = <T>(make: () => T): T | undefined => {
    try {
      return make()
    } catch (error) {
      if (!isConfigurationError(error)) throw error
      for (const problem of error.problems) {
        // Several parts check the same option; the first problem is the most specific.
        if (!problems.has(problem.path)) problems.set(problem.path, problem)
      }
      return undefined
    }
  }

  const call: KeystoneFetch = (target, init) => {
    if (fetch === undefined) throw new Error('the connections could not be created')
    return fetch(target, init)
  }
  const asked = { url, fetch: call, ...defined({ timeoutSeconds, maxBytes, clock }) }
  const passwords = attempt(() => keystonePassword({ ...ofPasswords, ...asked }))
  const serviceToken =
    service && attempt(() => replaceProblems(ofService, () => keystoneServiceToken({ ...asked, ...service })))
  const tokens = attempt(() => keystoneToken({ ...ofTokens, ...asked, ...defined({ serviceToken }) }))
  // Last: it opens files, and nothing after it may throw.
  const fetch: HttpFetch | undefined = attempt(() =>
    createFetch(caFile === undefined ? {} : { caFile }, {
      ...reloadOf(options),
      ...defined({ timeoutSeconds, maxBytes }),
    }),
  )
  if (passwords === undefined || tokens === undefined || fetch === undefined || problems.size > 0) {
    fetch?.close()
    throw new ConfigurationError([...problems.values()])
  }
  return closeable({ passwords, tokens }, fetch.close)
}

/** A problem of the service user is one of the option `service`. */
function ofService({ path, message }: ConfigurationProblem): ConfigurationProblem {
  return { path: path === 'credential' || path === 'scope' ? `service.${path}` : path, message }
}

/** The Keystone of `createAuthenticator`, and the credentials to accept. */
export type KeystoneOptions = KeystoneAtOptions & {
  /** Its URL: `https` only (`--experimental-keystone-url`). */
  readonly url: string
  /** Accept passwords by Basic authentication. Default `true`. */
  readonly acceptPasswords?: boolean
  /** Accept Keystone tokens as bearer tokens. Default `true`. */
  readonly acceptTokens?: boolean
  /** Accept Keystone tokens in `X-Auth-Token`. Default `false`. */
  readonly acceptXAuthToken?: boolean
}

export const keystoneShape: OptionsShape<KeystoneOptions> = {
  ...keystoneAtShape,
  url: required(aString),
  acceptPasswords: aBoolean,
  acceptTokens: aBoolean,
  acceptXAuthToken: aBoolean,
}

/**
 * Creates the authenticators of a Keystone for their places in a chain.
 *
 * @param tokenCache the options of the token cache, which both headers share.
 * @throws {ConfigurationError} with every problem of the options and the CA file.
 */
export function keystoneChain(
  keystone: string | KeystoneOptions,
  shared: Pick<KeystoneAtOptions, 'observer' | 'clock'>,
  tokenCache: CachedOptions | false = {},
): {
  readonly passwords: readonly PasswordAuthenticator[]
  readonly tokens: readonly TokenAuthenticator[]
  readonly requests: readonly Authenticator[]
  readonly close: () => void
} {
  const given: KeystoneOptions = typeof keystone === 'string' ? { url: keystone } : keystone
  const { url, acceptPasswords = true, acceptTokens = true, acceptXAuthToken = false, ...options } = given
  if (!acceptPasswords && !acceptTokens && !acceptXAuthToken) {
    const message = 'one of acceptPasswords, acceptTokens and acceptXAuthToken must be true'
    throw new ConfigurationError([{ path: 'acceptPasswords', message }])
  }
  const opened = keystoneAt(url, { ...shared, ...options })
  const { clock } = shared
  const known =
    tokenCache === false ? opened.tokens : cached(opened.tokens, { ...defined({ clock }), ...tokenCache })
  return {
    passwords: acceptPasswords ? [opened.passwords] : [],
    tokens: acceptTokens ? [known] : [],
    requests: acceptXAuthToken ? [xAuthToken(known)] : [],
    close: opened.close,
  }
}
