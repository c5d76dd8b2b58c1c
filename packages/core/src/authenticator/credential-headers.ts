import type { Authenticator } from './authenticator.ts'

/** The headers that carry credentials of an authenticator besides `Authorization`, in lower case, as its `known` describes them. */
export function credentialHeaders({ credentials }: Authenticator): readonly string[] {
  const known = credentials?.known?.flatMap((tell) => tell()) ?? []
  return known.flatMap((each) => (each.type === 'header' ? [each.name.toLowerCase()] : []))
}
