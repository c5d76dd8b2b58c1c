/**
 * A value of a Kubernetes type, such as an IP address. cel-js recognises types by their constructors.
 *
 * Two values of the same type are equal if their identities are.
 */
export abstract class Opaque {
  abstract readonly identity: string
}
