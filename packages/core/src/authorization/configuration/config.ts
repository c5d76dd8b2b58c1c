/**
 * `apiserver.config.k8s.io` `AuthorizationConfiguration`, of `--authorization-config`. All its versions have the same fields. An absent text
 * is empty; what has a default has it.
 *
 * Source: KEP-3221; apiserver `pkg/apis/apiserver/types.go`.
 */
export interface AuthorizationConfiguration {
  /** They are asked in this order. */
  readonly authorizers: readonly AuthorizerConfiguration[]
}

/** One authorizer of an {@link AuthorizationConfiguration}. */
export interface AuthorizerConfiguration {
  /** `AlwaysAllow`, `AlwaysDeny`, `RBAC` or `Webhook`. */
  readonly type: string
  /** What it is called in events and metrics. Only a webhook can choose: any other is called as its type, in lower case. */
  readonly name: string
  /** Of the type Webhook, and of no other. */
  readonly webhook?: WebhookConfiguration
}

/** A service that is asked by SubjectAccessReview. */
export interface WebhookConfiguration {
  /** How long a yes is kept (`authorizedTTL`). Default 300. */
  readonly authorizedTtlSeconds: number
  /** Default `true`; where it is `false`, no yes is kept. */
  readonly cacheAuthorizedRequests: boolean
  /** How long anything else is kept (`unauthorizedTTL`). Default 30. */
  readonly unauthorizedTtlSeconds: number
  /** Default `true`; where it is `false`, nothing else is kept. */
  readonly cacheUnauthorizedRequests: boolean
  /** For all calls of one question together (`timeout`): more than 0, and at most 30. */
  readonly timeoutSeconds: number
  /** `v1` or `v1beta1`: what is sent. */
  readonly subjectAccessReviewVersion: string
  /** `v1`: what {@link matchConditions} see. */
  readonly matchConditionSubjectAccessReviewVersion: string
  /** `NoOpinion` or `Deny`: the decision where there is no answer, or no telling whether the conditions match. */
  readonly failurePolicy: string
  readonly connectionInfo: WebhookConnectionInfo
  /** It is asked where all of these are true. At most 64. */
  readonly matchConditions: readonly WebhookMatchCondition[]
}

/** Where a webhook is. */
export interface WebhookConnectionInfo {
  /** `KubeConfigFile`, or `InClusterConfig` for the API of the cluster that this is a pod of. */
  readonly type: string
  /** The absolute path of a kubeconfig. */
  readonly kubeConfigFile?: string
}

/** A condition that a question must meet. */
export interface WebhookMatchCondition {
  /** In CEL, with the variable `request`. */
  readonly expression: string
}
