/** The plural name of a kind of review in paths. */
export type ReviewResource =
  | 'localsubjectaccessreviews'
  | 'selfsubjectaccessreviews'
  | 'selfsubjectreviews'
  | 'selfsubjectrulesreviews'
  | 'subjectaccessreviews'
  | 'tokenreviews'

/** A kind of review as it is found in paths and in discovery. */
export interface ServedReview {
  readonly group: 'authentication.k8s.io' | 'authorization.k8s.io'
  readonly versions: readonly string[]
  readonly kind: string
  readonly resource: ReviewResource
  /** Only served below a namespace. Default `false`. */
  readonly isNamespaced?: boolean
  /** About the caller, so every authenticated user may create it. Default `false`. */
  readonly isAboutCaller?: boolean
}

export const TOKEN_REVIEW: ServedReview = {
  group: 'authentication.k8s.io',
  versions: ['v1', 'v1beta1'],
  kind: 'TokenReview',
  resource: 'tokenreviews',
}

export const SELF_SUBJECT_REVIEW: ServedReview = {
  group: 'authentication.k8s.io',
  versions: ['v1', 'v1beta1', 'v1alpha1'],
  kind: 'SelfSubjectReview',
  resource: 'selfsubjectreviews',
  isAboutCaller: true,
}

export const SUBJECT_ACCESS_REVIEW: ServedReview = {
  group: 'authorization.k8s.io',
  versions: ['v1', 'v1beta1'],
  kind: 'SubjectAccessReview',
  resource: 'subjectaccessreviews',
}

export const LOCAL_SUBJECT_ACCESS_REVIEW: ServedReview = {
  group: 'authorization.k8s.io',
  versions: ['v1', 'v1beta1'],
  kind: 'LocalSubjectAccessReview',
  resource: 'localsubjectaccessreviews',
  isNamespaced: true,
}

export const SELF_SUBJECT_ACCESS_REVIEW: ServedReview = {
  group: 'authorization.k8s.io',
  versions: ['v1', 'v1beta1'],
  kind: 'SelfSubjectAccessReview',
  resource: 'selfsubjectaccessreviews',
  isAboutCaller: true,
}

export const SELF_SUBJECT_RULES_REVIEW: ServedReview = {
  group: 'authorization.k8s.io',
  versions: ['v1', 'v1beta1'],
  kind: 'SelfSubjectRulesReview',
  resource: 'selfsubjectrulesreviews',
  isAboutCaller: true,
}
