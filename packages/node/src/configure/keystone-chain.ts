import {
  type Authenticator,
  type Clock,
  ConfigurationError,
  type Observer,
  type PasswordAuthenticator,
  type TokenAuthenticator,
} from '@kube-authn/core'
import { cached, type CachedOptions } from '@kube-authn/core/remote'
import { xAuthToken } from '@kube-authn/keystone'
import { aBoolean, type OptionsShape, required } from '@kube-authn/core/adapter'
import { aString } from '@kube-authn/core/internal'
import { keystoneAt, type KeystoneAtOptions, keystoneAtShape } from '../at/keystone-at.ts'

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

export interface KeystoneChain {
  readonly passwords: readonly PasswordAuthenticator[]
  readonly tokens: readonly TokenAuthenticator[]
  readonly requests: readonly Authenticator[]
  readonly close: () => void
}

/**
 * Creates the authenticators of a Keystone for their places in a chain.
 *
 * @param tokenCache the options of the token cache, which both headers share.
 * @throws {ConfigurationError} with every problem of the options and the CA file.
 */
export function keystoneChain(
  keystone: string | KeystoneOptions,
  shared: { readonly observer?: Observer; readonly clock?: Clock },
  tokenCache: CachedOptions | false = {},
): KeystoneChain {
  const given: KeystoneOptions = typeof keystone === 'string' ? { url: keystone } : keystone
  const { url, acceptPasswords = true, acceptTokens = true, acceptXAuthToken = false, ...options } = given
  if (!acceptPasswords && !acceptTokens && !acceptXAuthToken) {
    const message = 'one of acceptPasswords, acceptTokens and acceptXAuthToken must be true'
    throw new ConfigurationError([{ path: 'acceptPasswords', message }])
  }
  const opened = keystoneAt(url, { ...shared, ...options })
  const clock = shared.clock === undefined ? {} : { clock: shared.clock }
  const known = tokenCache === false ? opened.tokens : cached(opened.tokens, { ...clock, ...tokenCache })
  return {
    passwords: acceptPasswords ? [opened.passwords] : [],
    tokens: acceptTokens ? [known] : [],
    requests: acceptXAuthToken ? [xAuthToken(known)] : [],
    close: opened.close,
  }
}
