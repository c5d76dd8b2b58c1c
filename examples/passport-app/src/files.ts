import { randomUUID } from 'node:crypto'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The paths of the users' files: `token,name,uid,"groups"` and `password,name,uid,"groups"`. */
export interface Files {
  readonly tokenFile: string
  readonly passwordFile: string
}

/** The credentials of the users. */
export interface Secrets {
  readonly janesToken: string
  readonly joesPassword: string
}

/** Creates both files, with new secrets, readable by this user only. */
export function makeFiles(): { readonly files: Files; readonly secrets: Secrets } {
  const folder = mkdtempSync(join(tmpdir(), 'passport-app-'))
  const secrets = { janesToken: randomUUID(), joesPassword: randomUUID() }
  const write = (name: string, content: string): string => {
    const path = join(folder, name)
    writeFileSync(path, content, { mode: 0o600 })
    return path
  }
  return {
    secrets,
    files: {
      tokenFile: write('tokens.csv', `${secrets.janesToken},jane,1001,"developers,app1"\n`),
      passwordFile: write('passwords.csv', `${secrets.joesPassword},joe,1002,operators\n`),
    },
  }
}
