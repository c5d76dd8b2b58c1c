import { type Clock, systemClock } from '../../internal/clock.ts'
import {
  aBoolean,
  aClock,
  aFunction,
  aString,
  checkOptions,
  listOf,
  must,
  type OptionsShape,
} from '../../internal/options/index.ts'
import { systemRandom } from '../../internal/random.ts'
import { rfc3339Of } from '@kube-authn/internal/rfc3339'
import type { Secret } from '../../internal/secret.ts'
import {
  isBootstrapGroup,
  BOOTSTRAP_NAMESPACE,
  BOOTSTRAP_SECRET_TYPE,
  BootstrapField,
} from './secret-fields.ts'
import { bootstrapSecretName, TOKEN_ALPHABET, TOKEN_ID_LENGTH, TOKEN_SECRET_LENGTH } from './token-format.ts'

/** Options of {@link createBootstrapToken}. The defaults are those of `kubeadm token create`, except for groups and signing. */
export interface CreateBootstrapTokenOptions {
  /** How long the token is valid. Default 86,400, a day. At most a hundred years, or `Infinity`. */
  readonly expirationSeconds?: number
  /** Groups besides `system:bootstrappers`, each beginning with `system:bootstrappers:`. Default none. */
  readonly groups?: readonly string[]
  /** A description of the token, for readers of the secret. */
  readonly description?: string
  /** Whether the token also signs `kube-public/cluster-info`. Default `false`. */
  readonly signing?: boolean
  /** Default: the runtime's clock. */
  readonly clock?: Clock
  /** Returns a number from 0 to below 1. Default: cryptographically secure. */
  readonly random?: () => number
}

const MAX_TTL_SECONDS = 100 * 365 * 86_400

const shape: OptionsShape<CreateBootstrapTokenOptions> = {
  expirationSeconds: must(
    'must be above 0 and at most a hundred years, or Infinity',
    (value) => typeof value === 'number' && value > 0 && (value <= MAX_TTL_SECONDS || value === Infinity),
  ),
  groups: listOf(
    must(
      'must be "system:bootstrappers:" followed by lower-case letters, digits, colons and hyphens',
      (value) => typeof value === 'string' && isBootstrapGroup(value),
    ),
  ),
  description: aString,
  signing: aBoolean,
  clock: aClock,
  random: aFunction,
}

/** A new token and its secret. */
export interface CreatedBootstrapToken {
  /** The bearer token; the secret contains it too. */
  readonly token: string
  readonly secret: Secret
}

/**
 * Creates a bootstrap token and the secret that stores it.
 *
 * Source: cluster-bootstrap `token/util/helpers.go`; kubeadm `token create`.
 *
 * @throws {ConfigurationError} if an option is invalid.
 * @example
 * const { token, secret } = createBootstrapToken({ expirationSeconds: 3600, description: 'the build machines' })
 */
export function createBootstrapToken(options: CreateBootstrapTokenOptions = {}): CreatedBootstrapToken {
  checkOptions(shape, options)
  const { expirationSeconds = 86_400, groups = [], description, signing = false } = options
  const { clock = systemClock, random = systemRandom } = options
  const id = randomText(TOKEN_ID_LENGTH, random)
  const tokenSecret = randomText(TOKEN_SECRET_LENGTH, random)
  const data: Record<string, string> = {
    [BootstrapField.tokenId]: id,
    [BootstrapField.tokenSecret]: tokenSecret,
    [BootstrapField.usageAuthentication]: 'true',
    ...(signing && { [BootstrapField.usageSigning]: 'true' }),
    ...(groups.length > 0 && { [BootstrapField.extraGroups]: groups.join(',') }),
    ...(description !== undefined && { [BootstrapField.description]: description }),
    ...(expirationSeconds !== Infinity && {
      [BootstrapField.expiration]: rfc3339Of(clock.now() + expirationSeconds * 1000),
    }),
  }
  return {
    token: `${id}.${tokenSecret}`,
    secret: {
      namespace: BOOTSTRAP_NAMESPACE,
      name: bootstrapSecretName(id),
      uid: crypto.randomUUID(),
      type: BOOTSTRAP_SECRET_TYPE,
      data,
    },
  }
}

function randomText(length: number, random: () => number): string {
  return Array.from({ length }, () =>
    TOKEN_ALPHABET.charAt(Math.floor(random() * TOKEN_ALPHABET.length)),
  ).join('')
}
