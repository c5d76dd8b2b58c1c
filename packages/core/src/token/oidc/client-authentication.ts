import type { Awaitable } from '../../internal/awaitable.ts'
import {
  aFunction,
  aNonEmptyString,
  either,
  neverUnset,
  oneOf,
  required,
} from '../../internal/options/check.ts'
import type { OptionsShape } from '../../internal/options/shape.ts'

/** How this server authenticates to an authorization server, as its client. */
export interface ClientAuthenticationOptions {
  /** The id of this server as a client of the authorization server. */
  readonly clientId: string
  /** Its secret, or a function that returns the current one. */
  readonly clientSecret?: string | (() => Awaitable<string>)
  /** Where the secret is sent: `basic` in the header `Authorization`, `post` in the body. Default `basic`. */
  readonly clientAuthentication?: 'basic' | 'post'
  /** Instead of a secret: returns a JWT that authenticates this server (`private_key_jwt`, RFC 7523). It is called for each request. */
  readonly clientAssertion?: () => Awaitable<string>
}

export const clientAuthenticationShape: OptionsShape<ClientAuthenticationOptions> = {
  clientId: required(aNonEmptyString),
  clientSecret: neverUnset(either((value) => typeof value === 'string', aNonEmptyString, aFunction)),
  clientAuthentication: oneOf('basic', 'post'),
  clientAssertion: aFunction,
}
