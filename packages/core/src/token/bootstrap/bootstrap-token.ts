import type { Authentication, TokenAuthenticator } from '../../authenticator/authenticator.ts'
import { type Awaitable, settle } from '../../internal/awaitable.ts'
import { type Clock, systemClock } from '../../internal/clock.ts'
import { keyedDigest } from '../../internal/digest/keyed-digest.ts'
import { unavailable, isAuthenticationError } from '../../authenticator/errors.ts'
import {
  aClock,
  checkOptions,
  type OptionsShape,
  required,
  withMethods,
} from '../../internal/options/index.ts'
import { type Secret, valueOf } from '../../internal/secret.ts'
import { userInfo } from '../../authenticator/user.ts'
import { bootstrapGroups } from './groups.ts'
import { BootstrapField, expirationOf, isBootstrapSecret } from './secret-fields.ts'
import { bootstrapSecretName, parseBootstrapToken } from './token-format.ts'

/** Reads the secrets of bootstrap tokens. */
export interface BootstrapSecretGetter {
  /** The secret of this name in `kube-system`; `undefined` if there is none. Throws if it cannot be read. */
  getSecret(name: string): Awaitable<Secret | undefined>
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
  const digest = keyedDigest()
  const isSame = (one: string, other: string): boolean => digest(one) === digest(other)

  return {
    name: 'bootstrapToken',
    mayKnow: (token) => parseBootstrapToken(token) !== undefined,
    authenticateToken(token): Awaitable<Authentication | undefined> {
      const parts = parseBootstrapToken(token)
      if (parts === undefined) return undefined

      const accept = (secret: Secret | undefined): Authentication | undefined => {
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

      return settle(
        () => secrets.getSecret(bootstrapSecretName(parts.id)),
        accept,
        (error) => {
          if (isAuthenticationError(error)) throw error
          throw unavailable('the secret of a bootstrap token could not be read', { cause: error })
        },
      )
    },
  }
}
