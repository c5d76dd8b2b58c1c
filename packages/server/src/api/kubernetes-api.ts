import type { Clock, Observer, AuthenticationRequest, KubernetesVersion } from '@kube-authn/core'
import type { Authorizer } from '@kube-authn/core/authorization'
import type { TokenIssuer } from '@kube-authn/issuer'
import {
  aBoolean,
  aFunction,
  type HttpAnswer,
  type OptionsShape,
  required,
  wholeNumber,
} from '@kube-authn/core/adapter'
import {
  atLeast,
  aClock,
  aKubernetesVersion,
  anAuthorizer,
  type ReadBody,
  neverUnset,
  withMethods,
} from '@kube-authn/core/internal'
import type { StoredBootstrapTokens } from '../credentials/stored-bootstrap-tokens.ts'
import type { StoredServiceAccounts } from '../credentials/stored-service-accounts.ts'
import type { StoredRbac } from '../rbac/stored-rbac.ts'
import type { StoredRevocations } from '../revocations/revocations.ts'
import type { ObjectStore } from '@kube-authn/store'
import type { KubernetesApiCaller } from './object-request.ts'

/** A request for the API that is no Request of the Fetch API. */
export interface KubernetesApiRequest {
  readonly request: AuthenticationRequest
  readonly body: ReadBody
  /** Aborts when the client is gone. It ends watches. */
  readonly signal: AbortSignal
  /** Default: unknown. */
  readonly caller?: KubernetesApiCaller | undefined
}

/** Handles requests of the Fetch API. It never rejects: refusals are answers. */
export interface KubernetesApi {
  (request: Request, caller?: KubernetesApiCaller): Promise<Response>
  /** Answers requests of other kinds, as `nodeHandler` does. A Response is a stream. It never rejects. */
  answer(this: void, asked: KubernetesApiRequest): Promise<HttpAnswer | Response>
}

/** Options of `kubernetesApi`. */
export interface KubernetesApiOptions {
  /** Where the objects are. */
  readonly store: ObjectStore
  /**
   * Decides what a request alone does not tell: whether a caller may grant the rights of a role, or approve a certificate. With it, each request needs its
   * caller. Default: `rbac`; without it, everything is allowed that the app lets in.
   */
  readonly authorizer?: Authorizer
  /** Receives the annotations of audit events: the `observer` of `authentication`. Default: none. */
  readonly observer?: Observer
  /**
   * The authorizer over the roles and bindings in the store, which is also in `authorizer` as a rule: what is written counts for the next request, and callers may
   * grant what they have by it. Default: callers may grant what `authorizer` lists.
   */
  readonly rbac?: StoredRbac
  /** The revocations in the store, which the authenticator has too: what is written counts for the next request. Default: `credentialrevocations` are not served. */
  readonly revocations?: StoredRevocations
  /** The copies of what the authenticators of tokens read in the store: what is written counts for the next request. Default: when their watch tells it. */
  readonly serviceAccounts?: StoredServiceAccounts
  readonly bootstrapTokens?: StoredBootstrapTokens
  /** Issues the tokens that are asked for at `/token` of service accounts. Default: there is no such path. */
  readonly tokenIssuer?: TokenIssuer
  /**
   * Whether writes of pods, services and nodes are refused with 405, since they are neither validated nor given defaults here: no test passes with one that a cluster would refuse
   * (`--strict`). Reads and deletions stay. Default `false`.
   */
  readonly strict?: boolean
  /**
   * How many objects of one kind may be created in a namespace; 0 is no limit. Beyond it the API answers with 403 and `exceeded quota`, as with a ResourceQuota of `count/RESOURCE`; what there is
   * stays. Several replicas may exceed it by what they create within some seconds (`--max-objects-per-namespace`). Default 50,000.
   */
  readonly maxObjectsPerNamespace?: number
  /** How far the clock of this process may be from that of the store, before the check `clock` of `/readyz` fails (`--clock-skew`). Default 10. */
  readonly clockSkewSeconds?: number
  /** The release that `/version` and the OpenAPI documents name (`--emulated-version`). Default `1.36`. */
  readonly kubernetesVersion?: KubernetesVersion
  /** The time of creations, and for ages and ends of watches. Default: that of the store. */
  readonly clock?: Clock
}

/** The checks of {@link KubernetesApiOptions}, for options that extend them. */
export const kubernetesApiShape: OptionsShape<KubernetesApiOptions> = {
  store: required(withMethods('a store of objects', 'get', 'list', 'create', 'update', 'delete', 'watch')),
  authorizer: anAuthorizer,
  observer: aFunction,
  rbac: withMethods('an authorizer as storedRbac(...) makes', 'authorize', 'rulesFor', 'learn', 'health'),
  revocations: neverUnset(
    withMethods('revocations as revocations(...) makes', 'isRevoked', 'learn', 'health'),
  ),
  serviceAccounts: withMethods(
    'a copy as storedServiceAccounts(...) makes',
    'getServiceAccount',
    'learn',
    'health',
  ),
  bootstrapTokens: withMethods('a copy as storedBootstrapTokens(...) makes', 'getSecret', 'learn', 'health'),
  tokenIssuer: withMethods('an issuer of tokens, as tokenIssuer(...) makes', 'issue'),
  strict: aBoolean,
  maxObjectsPerNamespace: wholeNumber(0),
  clockSkewSeconds: atLeast(0),
  kubernetesVersion: aKubernetesVersion,
  clock: aClock,
}
