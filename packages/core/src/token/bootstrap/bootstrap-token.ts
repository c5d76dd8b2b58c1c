import type { Authentication, TokenAuthenticator } from '../../authenticator/authenticator.ts'
import { type Awaitable, settle } from '../../internal/awaitable.ts'
import { type Clock, systemClock } from '../../internal/clock.ts'
import { keyedDigest } from '../../internal/digest/keyed-digest.ts'
import { sha256 } from '#sha256'
import { isAuthenticationError, rejected, unavailable } from '../../authenticator/errors.ts'
import type { CredentialRevocation } from '../../authenticator/credential-revocation.ts'
import { revocationBy } from '../../authenticator/revocation-by.ts'
import {
  aClock,
  checkOptions,
  type OptionsShape,
  required,
  withMethods,
} from '../../internal/options/index.ts'
import { type Secret, valueOf } from '../../internal/secret.ts'
import { userInfo } from '../../authenticator/user.ts'
import { bootstrapGroups, BootstrapField, expirationOf, isBootstrapSecret } from './secret-fields.ts'
import { bootstrapSecretName, type BootstrapTokenParts, parseBootstrapToken } from './token-format.ts'

/** Reads the secrets of bootstrap tokens. */
export interface BootstrapSecretGetter {
  /** The secret of this name in `kube-system`; `undefined` if there is none. Throws if it cannot be read. */
  getSecret(name: string): Awaitable<Secret | undefined>
  /**
   * Calls back whenever the secret of this name is created, changed or deleted, and returns a function that stops it. With it, a token is checked again on every request, also if a
   * cache remembers its user, and connections end with its secret: `getSecret` should answer from memory then. Default: what is cached counts.
   */
  watchSecret?(name: string, onChange: () => void): () => void
}

/** Options of {@link bootstrapToken}. */
export interface BootstrapTokenOptions {
  readonly secrets: BootstrapSecretGetter
  /** Default: the runtime's clock. */
  readonly clock?: Clock
}

const shape: OptionsShape<BootstrapTokenOptions> = {
  secrets: required(withMethods('a getter of secrets, as bootstrapSecrets(...) makes', 'getSecret')),
  clock: aClock,
}

/**
 * Authenticates bootstrap tokens, `abcdef.0123456789abcdef`, by the secrets that contain them (`--enable-bootstrap-token-auth`). The
 * user is `system:bootstrap:<id>`, in `system:bootstrappers` and the groups of the secret.
 *
 * An invalid token or secret results in no opinion. The only error is a secret that cannot be read. A token can be used any number of
 * times until it expires or its secret is deleted.
 *
 * Source: kubernetes `plugin/pkg/auth/authenticator/token/bootstrap/bootstrap.go`.
 *
 * @throws {ConfigurationError} if an option is invalid.
 * @example
 * const { token, secret } = createBootstrapToken({ groups: ['system:bootstrappers:workers'] })
 * const tokens = bootstrapToken({ secrets: bootstrapSecrets([secret]) })
 */
export function bootstrapToken(options: BootstrapTokenOptions): TokenAuthenticator {
  checkOptions(shape, options)
  const { secrets, clock = systemClock } = options
  const digest = keyedDigest(sha256)
  /** The time that it takes does not tell where two strings differ. */
  const isSame = (one: string, other: string): boolean => digest(one) === digest(other)

  const read = <R>(name: string, next: (secret: Secret | undefined) => R): Awaitable<R> =>
    settle(
      () => secrets.getSecret(name),
      next,
      (error) => {
        if (isAuthenticationError(error)) throw error
        throw unavailable('the secret of a bootstrap token could not be read', { cause: error })
      },
    )

  return {
    name: 'bootstrapToken',
    mayKnow: (token) => parseBootstrapToken(token) !== undefined,
    authenticateToken(token): Awaitable<Authentication | undefined> {
      const parts = parseBootstrapToken(token)
      if (parts === undefined) return undefined
      const name = bootstrapSecretName(parts.id)
      const acceptedBy = (secret: Secret | undefined): Authentication | undefined =>
        authenticationBy(secret, parts, isSame, clock)

      const revocationOf = (accepted: Secret | undefined): CredentialRevocation =>
        revocationBy({
          check: () =>
            read(name, (secret) => {
              // One that is in memory and has not changed is still valid; its expiry is that of the answer.
              if (secret !== accepted && acceptedBy(secret) === undefined) throw rejected(ENDED)
            }),
          watch: (onChange) => secrets.watchSecret?.(name, onChange) ?? (() => undefined),
        })
      return read(name, (secret) => {
        const answer = acceptedBy(secret)
        return answer === undefined || secrets.watchSecret === undefined
          ? answer
          : { ...answer, revocation: revocationOf(secret) }
      })
    },
  }
}

const ENDED = 'the bootstrap token is not valid any more'

/** The user of a token, if the secret accepts it now. */
function authenticationBy(
  secret: Secret | undefined,
  parts: BootstrapTokenParts,
  isSame: (one: string, other: string) => boolean,
  clock: Clock,
): Authentication | undefined {
  if (secret === undefined || secret.deletionTimestampMs !== undefined) return undefined
  if (!isBootstrapSecret(secret)) return undefined
  const value = (field: string): string => valueOf(secret.data, field)
  if (!isSame(value(BootstrapField.tokenSecret), parts.secret)) return undefined
  if (value(BootstrapField.tokenId) !== parts.id) return undefined
  const expiresAtMs = expirationOf(secret)
  if (expiresAtMs <= clock.now()) return undefined
  if (value(BootstrapField.usageAuthentication) !== 'true') return undefined
  const groups = bootstrapGroups(value(BootstrapField.extraGroups))
  if (groups === undefined) return undefined
  const user = userInfo({ username: `system:bootstrap:${parts.id}`, groups })
  return Number.isFinite(expiresAtMs) ? { user, expiresAtMs } : { user }
}
