/**
 * `apiserver.config.k8s.io` `AuthorizationConfiguration`, of `--authorization-config`. All versions have the same fields. Absent strings are
 * empty; defaults are filled in.
 *
 * Source: KEP-3221; apiserver `pkg/apis/apiserver/types.go`.
 */
export interface AuthorizationConfiguration {
  /** In the order they are asked. */
  readonly authorizers: readonly AuthorizerConfiguration[]
}

/** One authorizer of an {@link AuthorizationConfiguration}. */
export interface AuthorizerConfiguration {
  /** `AlwaysAllow`, `AlwaysDeny`, `RBAC` or `Webhook`. */
  readonly type: string
  /** The name in events and metrics. Only a webhook can choose it; the name of any other type is the type in lower case. */
  readonly name: string
  /** Only for type Webhook. */
  readonly webhook?: WebhookConfiguration
}

/** A service that is sent SubjectAccessReviews. */
export interface WebhookConfiguration {
  /** How long allowed decisions are cached (`authorizedTTL`). Default 300. */
  readonly authorizedTtlSeconds: number
  /** Whether allowed decisions are cached. Default `true`. */
  readonly cacheAuthorizedRequests: boolean
  /** How long all other decisions are cached (`unauthorizedTTL`). Default 30. */
  readonly unauthorizedTtlSeconds: number
  /** Whether all other decisions are cached. Default `true`. */
  readonly cacheUnauthorizedRequests: boolean
  /** For all attempts of one review together (`timeout`): more than 0, and at most 30. */
  readonly timeoutSeconds: number
  /** `v1` or `v1beta1`: the version of the SubjectAccessReview that is sent. */
  readonly subjectAccessReviewVersion: string
  /** `v1`: the version of the SubjectAccessReview that {@link matchConditions} see. */
  readonly matchConditionSubjectAccessReviewVersion: string
  /** `NoOpinion` or `Deny`: the decision if the webhook does not answer, or a match condition cannot be evaluated. */
  readonly failurePolicy: string
  readonly connectionInfo: WebhookConnectionInfo
  /** The webhook is asked only if all of these are true. At most 64. */
  readonly matchConditions: readonly WebhookMatchCondition[]
}

/** How to connect to a webhook. */
export interface WebhookConnectionInfo {
  /** `KubeConfigFile`, or `InClusterConfig` for the API server of the cluster that the process runs in. */
  readonly type: string
  /** The absolute path of a kubeconfig. */
  readonly kubeConfigFile?: string
}

/** A condition that a request must meet. */
export interface WebhookMatchCondition {
  /** In CEL, with the variable `request`. */
  readonly expression: string
}
