import { emptyContext, type TokenAuthenticator } from '@kube-authn/core'
import { isAuthenticationError } from '@kube-authn/core/internal'

/** The user of an id token, or why it has none: for the log. */
export type AcceptedUser = { readonly username: string } | { readonly refusal: string }

/** Asks the token authenticators of the chain. @throws {AuthenticationError} `unavailable` if they cannot tell now. */
export async function acceptedUser(tokens: TokenAuthenticator, idToken: string): Promise<AcceptedUser> {
  try {
    const answer = await tokens.authenticateToken(idToken, emptyContext)
    if (answer === undefined) return { refusal: 'no token authenticator knows the issuer of the id token' }
    const { username } = answer.user
    return username === '' ? { refusal: 'the id token names no user' } : { username }
  } catch (error) {
    if (!isAuthenticationError(error) || error.code !== 'rejected') throw error
    return { refusal: error.message }
  }
}
