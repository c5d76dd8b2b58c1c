import { readFileSync } from 'node:fs'

/** A user of the app. */
export interface Account {
  readonly username: string
  readonly groups: readonly string[]
}

/** The original lookup of a token; `false` if the token is unknown. */
export function accountOf(token: string, tokenFile: string): Account | false {
  for (const line of readFileSync(tokenFile, 'utf8').split('\n')) {
    const [known, username = '', , ...groups] = line.split(',')
    if (known === token) return { username, groups: groups.map((group) => group.replaceAll('"', '')) }
  }
  return false
}
