import type { Clock } from '@kube-authn/core'
import { aClock, anIterable, aString, systemClock } from '@kube-authn/core/internal'
import {
  type InitialObjects,
  serviceAccountObjects,
  type ServiceAccountTokenOptions,
} from '@kube-authn/core/service-account'
import { type SigningKey, signingKeyFromPem, type TokenIssuer, tokenIssuer } from '@kube-authn/issuer'
import { checkOptions, type OptionsShape } from '@kube-authn/core/adapter'
import { generateKeyPair, pem } from '../pki/key-pair.ts'

/** Options of {@link createServiceAccounts}: the initial objects and the token issuer. */
export interface ServiceAccountsOptions extends InitialObjects {
  /** `iss` of tokens. Default `https://kubernetes.default.svc`. */
  readonly issuer?: string
  /** The clock of the issuer and of verification. Default: the system's. */
  readonly clock?: Clock
}

const shape: OptionsShape<ServiceAccountsOptions> = {
  serviceAccounts: anIterable,
  secrets: anIterable,
  pods: anIterable,
  nodes: anIterable,
  issuer: aString,
  clock: aClock,
}

/** Options of a service account token. */
export interface ServiceAccountTokenInit {
  /** The audiences. Default: the issuer. */
  readonly audiences?: readonly string[]
  /** 600 or more. Default 3600. */
  readonly expirationSeconds?: number
  /** An existing object; the token is valid while it exists. Default: only the service account. */
  readonly boundTo?: { readonly kind: 'Pod' | 'Secret' | 'Node'; readonly name: string }
}

/** Service accounts and tokens for them: the options of `serviceAccountToken` of `@kube-authn/core/service-account`. */
export interface ServiceAccounts extends ServiceAccountTokenOptions {
  readonly signingKey: SigningKey
  /**
   * Issues a token, as the TokenRequest API does.
   *
   * @throws {StatusError} if the service account or the object does not exist, or the token may not be bound to it.
   */
  token(namespace: string, name: string, init?: ServiceAccountTokenInit): Promise<string>
}

/**
 * Creates service accounts with a new key, for tests. Without options there is one, `default` in the namespace `default`.
 *
 * @example
 * const accounts = await createServiceAccounts({ serviceAccounts: [{ namespace: 'shop', name: 'cart', uid: '1' }] })
 * const tokens = serviceAccountToken(accounts)
 * const token = await accounts.token('shop', 'cart')
 */
export async function createServiceAccounts(options: ServiceAccountsOptions = {}): Promise<ServiceAccounts> {
  checkOptions(shape, options)
  const { issuer = 'https://kubernetes.default.svc', clock = systemClock, ...initial } = options
  const { serviceAccounts = [{ namespace: 'default', name: 'default', uid: 'default-uid' }] } = options
  const { privateKey } = await generateKeyPair('P-256')
  const der = new Uint8Array(await crypto.subtle.exportKey('pkcs8', privateKey))
  const signingKey = await signingKeyFromPem(pem('PRIVATE KEY', der))
  const objects = serviceAccountObjects({ ...initial, serviceAccounts })
  const keys = [signingKey.verificationKey]
  return new IssuedAccounts(
    { issuers: [issuer], keys, objects, clock },
    signingKey,
    tokenIssuer({ issuer, signingKey, objects, clock }),
  )
}

/** Options of authenticators are own fields and all other members are not, since authenticators refuse unknown options. */
class IssuedAccounts implements ServiceAccounts {
  readonly issuers: ServiceAccountTokenOptions['issuers']
  readonly keys: ServiceAccountTokenOptions['keys']
  readonly objects: ServiceAccountTokenOptions['objects']
  readonly clock: Clock
  readonly #signingKey: SigningKey
  readonly #tokens: TokenIssuer

  constructor(
    { issuers, keys, objects, clock }: ServiceAccountTokenOptions & { readonly clock: Clock },
    signingKey: SigningKey,
    tokens: TokenIssuer,
  ) {
    this.issuers = issuers
    this.keys = keys
    this.objects = objects
    this.clock = clock
    this.#signingKey = signingKey
    this.#tokens = tokens
  }

  get signingKey(): SigningKey {
    return this.#signingKey
  }

  get token(): ServiceAccounts['token'] {
    return async (namespace, name, { audiences, expirationSeconds, boundTo } = {}) => {
      const boundObjectRef = boundTo && { ...boundTo, apiVersion: 'v1' }
      const spec = { audiences, expirationSeconds, boundObjectRef }
      const { status } = await this.#tokens.issue({ namespace, name }, { spec })
      return status.token
    }
  }
}
