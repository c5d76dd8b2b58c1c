import type { Authenticator } from './authenticator.ts'

/** The headers besides `Authorization` that carry credentials of an authenticator, in lower case, according to its `known`. */
export function credentialHeaders({ credentials }: Authenticator): readonly string[] {
  const known = credentials?.known?.flatMap((tell) => tell()) ?? []
  return known.flatMap((each) => (each.type === 'header' ? [each.name.toLowerCase()] : []))
}
