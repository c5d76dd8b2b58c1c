import type { Clock, Observer, TokenAuthenticator } from '@kube-authn/core'
import { aClock, someAudiences } from '@kube-authn/core/internal'
import { aFunction, type OptionsShape, wholeNumber } from '@kube-authn/core/adapter'
import { type DiscoveryResource, someDiscoveryResources } from '../discovery/resource.ts'
import { someTokenAuthenticators } from './token-review.ts'

/** The size limit of request bodies. */
export interface BodyLimit {
  /**
   * Bytes; a longer body gets a 413. Default 1,048,576.
   *
   * Deviation: kube-apiserver accepts 3 MiB (`docs/deviations.md`, content of reviews).
   */
  readonly maxBytes?: number
}

/** The checks of {@link BodyLimit}. */
export const bodyLimitShape: OptionsShape<BodyLimit> = { maxBytes: wholeNumber(1) }

/** Options of `handleReviews`. The same in every adapter. */
export interface HandleReviewsOptions extends BodyLimit {
  /** The token authenticators, in the order they are tried. Without this option TokenReviews are not served. */
  readonly tokens?: readonly TokenAuthenticator[]
  /** The audiences that tokens must be valid for if a review names none (`--api-audiences`). Must not be empty. Default: no restriction. */
  readonly audiences?: readonly string[]
  /**
   * The resources of the app. With this option, `/api` and `/apis` are answered with these and the reviews, and so are the documents of their groups: with them `kubectl auth can-i`
   * knows the resources, and does not warn. Default: only the documents of the review groups are answered, and the app's own `/api` and `/apis` are left alone.
   */
  readonly discovery?: readonly DiscoveryResource[]
  readonly clock?: Clock
  /** Receives the decision of every authenticator and authorizer. */
  readonly observer?: Observer
}

/** The checks of {@link HandleReviewsOptions}. */
export const handleReviewsShape: OptionsShape<HandleReviewsOptions> = {
  ...bodyLimitShape,
  tokens: someTokenAuthenticators,
  audiences: someAudiences,
  discovery: someDiscoveryResources,
  clock: aClock,
  observer: aFunction,
}
