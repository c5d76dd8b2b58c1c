import type { PreparedRequest } from './options.ts'
import type { Credential, Question } from './question.ts'

/** A `curl` command for the request that is explained. It never contains a credential. */
export function curlCommand(
  { credential, method, path, actingAs }: Question,
  origin: string,
  prepared: readonly PreparedRequest[],
): string {
  const users = actingAs === undefined ? [] : [['Impersonate-User', actingAs.username] as const]
  const groups = (actingAs?.groups ?? []).map((group) => ['Impersonate-Group', group] as const)
  const parts = [
    'curl',
    ...(method === 'GET' ? [] : method === 'HEAD' ? ['--head'] : [`--request ${method}`]),
    ...credentialOptions(credential, prepared),
    ...[...users, ...groups].map(([name, value]) => `--header ${quoted(`${name}: ${value}`)}`),
    // Otherwise curl reads brackets as a range.
    ...(/[[\]{}]/.test(path) ? ['--globoff'] : []),
    quoted(origin + path),
  ]
  return parts.join(parts.length < 3 ? ' ' : ' \\\n  ')
}

function credentialOptions(credential: Credential, prepared: readonly PreparedRequest[]): readonly string[] {
  const { kind } = credential
  if (kind === 'token') return ['--header "Authorization: Bearer $TOKEN"']
  // curl asks for the password.
  if (kind === 'password') return [`--user ${quoted(credential.username)}`]
  if (kind !== 'prepared') return []
  const chosen = prepared.find(({ name }) => name === credential.name)
  if (chosen?.curl !== undefined) return chosen.curl
  const { requestHeaders = {} } = chosen ?? {}
  const names = typeof requestHeaders === 'function' ? ['Authorization'] : Object.keys(requestHeaders)
  return names.map((name) => `--header "${name}: $CREDENTIAL"`)
}

/** One word of a POSIX shell. */
function quoted(word: string): string {
  return /^[\w./:=-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
}
