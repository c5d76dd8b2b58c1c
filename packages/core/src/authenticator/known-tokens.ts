import type { KnownCredential, TokenAuthenticator } from './authenticator.ts'

/** The kinds of tokens an authenticator currently accepts. */
export function knownTokens(tokens: TokenAuthenticator): readonly KnownCredential[] {
  return tokens.known?.() ?? ANY_TOKEN
}

const ANY_TOKEN: readonly KnownCredential[] = [{ type: 'token' }]
