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
import { rfc3339Of } from '../../internal/rfc3339.ts'
import type { Secret } from '../../internal/secret.ts'
import { isBootstrapGroup } from './groups.ts'
import { BOOTSTRAP_NAMESPACE, BOOTSTRAP_SECRET_TYPE, BootstrapField } from './secret-fields.ts'
import { bootstrapSecretName, TOKEN_ALPHABET, TOKEN_ID_LENGTH, TOKEN_SECRET_LENGTH } from './token-format.ts'

/** Options of {@link createBootstrapToken}. The defaults are those of `kubeadm token create`, but for groups and signing. */
export interface CreateBootstrapTokenOptions {
  /** How long the token is good for. Default 86,400, a day; `Infinity` is for ever. At most a hundred years otherwise. */
  readonly ttlSeconds?: number
  /** Groups besides `system:bootstrappers`, each `system:bootstrappers:` and more. Default none. */
  readonly groups?: readonly string[]
  /** What the token is for, for those who read the secret. */
  readonly description?: string
  /** Whether the token also signs `kube-public/cluster-info`. Default `false`. */
  readonly signing?: boolean
  /** Default: the runtime's clock. */
  readonly clock?: Clock
  /** A number from 0 to below 1. Default: from the runtime's source of secrets. */
  readonly random?: () => number
}

const MAX_TTL_SECONDS = 100 * 365 * 86_400

const shape: OptionsShape<CreateBootstrapTokenOptions> = {
  ttlSeconds: must(
    'must be above 0 and at most a hundred years, or Infinity',
    (value) => typeof value === 'number' && value > 0 && (value <= MAX_TTL_SECONDS || value === Infinity),
  ),
  groups: listOf(
    must(
      'must be "system:bootstrappers:" and lower-case letters, digits, colons and hyphens',
      (value) => typeof value === 'string' && isBootstrapGroup(value),
    ),
  ),
  description: aString,
  signing: aBoolean,
  clock: aClock,
  random: aFunction,
}

/** A new token, and what is to be kept of it. */
export interface CreatedBootstrapToken {
  /** What the bearer sends; it is in the secret too. */
  readonly token: string
  readonly secret: Secret
}

/**
 * Makes a bootstrap token and the secret to keep it in.
 *
 * Source: cluster-bootstrap `token/util/helpers.go`; kubeadm `token create`.
 *
 * @throws {ConfigurationError} when a group may not be given, or the time is no time.
 * @example
 * const { token, secret } = createBootstrapToken({ ttlSeconds: 3600, description: 'the build machines' })
 */
export function createBootstrapToken(options: CreateBootstrapTokenOptions = {}): CreatedBootstrapToken {
  checkOptions(shape, options)
  const { ttlSeconds = 86_400, groups = [], description, signing = false } = options
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
    ...(ttlSeconds !== Infinity && {
      [BootstrapField.expiration]: rfc3339Of(clock.now() + ttlSeconds * 1000),
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
