type Claims = Readonly<Record<string, unknown>>

/** A token as the provider issues it, and what becomes of it and of others under the configuration file of `docs/providers`. */
export interface Provider {
  /** The name of the file, without `.yaml`. */
  readonly file: string
  readonly issuer: string
  /** The payload without `iss`, `iat` and `exp`. */
  readonly claims: Claims
  /** Members of the header, in addition to those of every JWT. */
  readonly header?: Claims
  readonly user: User
  /** Claims that differ from those above, and what differs in the user then. */
  readonly alsoAccepted?: readonly (readonly [title: string, claims: Claims, user: Partial<User>])[]
  /** Claims that differ from those above, and the reason of the refusal. */
  readonly refused: readonly (readonly [title: string, claims: Claims, reason: RegExp])[]
}

/** Groups are those before `system:authenticated` is added. */
export interface User {
  readonly username: string
  readonly uid: string
  readonly groups: readonly string[]
  readonly extra: Readonly<Record<string, readonly string[]>>
}
