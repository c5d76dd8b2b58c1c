import { readFileSync } from 'node:fs'

/** What the app calls a user. */
export interface Account {
  readonly username: string
  readonly groups: readonly string[]
}

/** How the app has always looked up a token; `false` when nobody has it. */
export function accountOf(token: string, tokenFile: string): Account | false {
  for (const line of readFileSync(tokenFile, 'utf8').split('\n')) {
    const [known, username = '', , ...groups] = line.split(',')
    if (known === token) return { username, groups: groups.map((group) => group.replaceAll('"', '')) }
  }
  return false
}
