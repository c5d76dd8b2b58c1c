/**
 * A value of a type of Kubernetes' own, as an address. The library tells types by their constructors.
 *
 * Two of the same type are equal when their identities are.
 */
export abstract class Opaque {
  abstract readonly identity: string
}
