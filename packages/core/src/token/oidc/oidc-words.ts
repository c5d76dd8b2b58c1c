/** How claims become a user, in the words of the `--oidc-*` flags. */
export interface OidcWords {
  /** The claim with the username (`--oidc-username-claim`). Default `sub`. `email` must be verified by the issuer. */
  readonly usernameClaim?: string
  /**
   * Prefix of usernames (`--oidc-username-prefix`); `''` for none. Default: the issuer and `#`, or none if the claim is `email`, so that users
   * of different issuers never have the same name.
   */
  readonly usernamePrefix?: string
  /** The claim with the groups: a string or a list (`--oidc-groups-claim`). Default: no groups. */
  readonly groupsClaim?: string
  /** Prefix of groups (`--oidc-groups-prefix`). Default none: a token can then claim `system:masters`. */
  readonly groupsPrefix?: string
  /** Claims with these values are required (`--oidc-required-claim`), as in `{ hd: 'example.com' }`. */
  readonly requiredClaims?: Readonly<Record<string, string>>
}
