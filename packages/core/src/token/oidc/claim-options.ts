import { aString, listOf, nested, type OptionsShape, required } from '../../internal/options/index.ts'

/** Maps a claim or an expression to a user field. */
export type OidcMapping = { readonly claim: string } | { readonly expression: string }

/** Like {@link OidcMapping}; the claim value gets a prefix, which may be empty. */
export type OidcPrefixedMapping =
  | { readonly claim: string; readonly prefix: string }
  | { readonly expression: string }

/** A condition on the claims: a required claim value, or an expression. */
export type OidcClaimRule =
  | { readonly claim: string; readonly requiredValue?: string }
  | { readonly expression: string; readonly message?: string }

/** How claims become a user, as in an `AuthenticationConfiguration`. */
export interface OidcClaimMappings {
  /** The username. */
  readonly username: OidcPrefixedMapping
  /** Default: no groups. */
  readonly groups?: OidcPrefixedMapping
  /** Default: no uid. If set, the claim is required. */
  readonly uid?: OidcMapping
  /** Further attributes. Default: none. */
  readonly extra?: readonly {
    /** A path with a domain, in lowercase: `example.com/team`. */
    readonly key: string
    /** A CEL expression over `claims`: a string or a list of strings. */
    readonly valueExpression: string
  }[]
}

const prefixedMapping = nested({ claim: aString, prefix: aString, expression: aString })

/** The checks of {@link OidcClaimMappings}. */
export const claimMappingsShape: OptionsShape<OidcClaimMappings> = {
  username: required(prefixedMapping),
  groups: prefixedMapping,
  uid: nested({ claim: aString, expression: aString }),
  extra: listOf(nested({ key: required(aString), valueExpression: required(aString) })),
}
