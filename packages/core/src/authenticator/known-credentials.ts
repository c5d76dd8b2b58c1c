import type { Authenticator, KnownCredential, TokenAuthenticator } from './authenticator.ts'

/** The kinds of tokens an authenticator currently accepts. */
export function knownTokens(tokens: TokenAuthenticator): readonly KnownCredential[] {
  return tokens.known?.() ?? ANY_TOKEN
}

const ANY_TOKEN: readonly KnownCredential[] = [{ type: 'token' }]

/**
 * The headers besides `Authorization` that carry credentials of an authenticator, in lower case, according to its `known`. It never throws:
 * a description that cannot be read must not decide about a request.
 */
export function credentialHeaders({ credentials }: Authenticator): readonly string[] {
  return (credentials?.known ?? []).flatMap(headersOf)
}

function headersOf(tell: () => readonly KnownCredential[]): readonly string[] {
  try {
    return tell().flatMap((each) => (each.type === 'header' ? [each.name.toLowerCase()] : []))
  } catch {
    return []
  }
}
