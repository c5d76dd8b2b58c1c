import type { KnownCredential, TokenAuthenticator } from './authenticator.ts'

/** What kinds of tokens an authenticator knows, at this moment. */
export function knownTokens(tokens: TokenAuthenticator): readonly KnownCredential[] {
  return tokens.known?.() ?? ANY_TOKEN
}

const ANY_TOKEN: readonly KnownCredential[] = [{ type: 'token' }]
