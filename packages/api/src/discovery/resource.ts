import { aBoolean, aNonEmptyString, listOf, type OptionsShape, required } from '@kube-authn/core/adapter'
import { aString, type Check, nested } from '@kube-authn/core/internal'

/** A group, version and kind. */
export interface DiscoveryKind {
  /** `''` for the core group. */
  readonly group: string
  readonly version: string
  readonly kind: string
}

/** A resource as clients find it. */
export interface DiscoveryResource extends DiscoveryKind {
  /** The name in paths. */
  readonly plural: string
  readonly singular: string
  readonly isNamespaced: boolean
  readonly verbs: readonly string[]
  /** Default: none. */
  readonly shortNames?: readonly string[]
  /** Default: none. */
  readonly categories?: readonly string[]
  /** Default: none. */
  readonly subresources?: readonly DiscoverySubresource[]
}

/** A subresource as clients find it. */
export interface DiscoverySubresource {
  readonly name: string
  /** What is sent and answered. Default: the kind of the resource. */
  readonly responseKind?: DiscoveryKind
  readonly verbs: readonly string[]
}

const kindShape: OptionsShape<DiscoveryKind> = {
  group: required(aString),
  version: required(aNonEmptyString),
  kind: required(aNonEmptyString),
}

const subresourceShape: OptionsShape<DiscoverySubresource> = {
  name: required(aNonEmptyString),
  responseKind: nested(kindShape),
  verbs: required(listOf(aNonEmptyString)),
}

const shape: OptionsShape<DiscoveryResource> = {
  ...kindShape,
  plural: required(aNonEmptyString),
  singular: required(aString),
  isNamespaced: required(aBoolean),
  verbs: required(listOf(aNonEmptyString)),
  shortNames: listOf(aNonEmptyString),
  categories: listOf(aNonEmptyString),
  subresources: listOf(nested(subresourceShape)),
}

/** The options check of a list of resources. */
export const someDiscoveryResources: Check = listOf(nested(shape))
