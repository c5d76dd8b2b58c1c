import type { ExplainPageOptions, OfferedUser } from './options.ts'
import { isObject } from '@kube-authn/core/internal'

export type Credential =
  /** That of the request for the page. */
  | { readonly kind: 'current' }
  | { readonly kind: 'none' }
  | { readonly kind: 'prepared'; readonly name: string }
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'password'; readonly username: string; readonly password: string }

/** The request that is explained. */
export interface Question {
  readonly credential: Credential
  readonly method: string
  readonly path: string
  /** The path in the field for the next question, if it is another one. */
  readonly suggestedPath?: string
  /** Whether the visitor has not asked anything yet. */
  readonly isFirst?: true
  readonly actingAs?: Required<OfferedUser>
  /** What cannot be read of the question. Nothing is explained then. */
  readonly problem?: string
}

/** The methods that can be chosen. */
export const METHODS: readonly string[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']

/** The names of the buttons and fields of the form. */
export const FIELDS = {
  /** The value of the button that chooses a credential. */
  who: 'who',
  /** The credential chosen before. */
  kept: 'kept',
  token: 'token',
  username: 'username',
  password: 'password',
  method: 'method',
  path: 'path',
  /** A button: another path. */
  go: 'go',
  /** A button: the number of an offered user, `typed`, or `none`. */
  as: 'as',
  asUser: 'as-user',
  asGroups: 'as-groups',
} as const

/** The question of a visitor who has not asked anything yet: who makes the request for the page itself? */
export function firstQuestion(path: string, [suggestedPath]: readonly string[] = []): Question {
  return {
    credential: { kind: 'current' },
    method: 'GET',
    path,
    isFirst: true,
    ...(suggestedPath !== undefined && { suggestedPath }),
  }
}

/** Reads a question. Whatever is missing or out of range is a problem or the usual, never an error. */
export function readQuestion(form: URLSearchParams, options: ExplainPageOptions): Question {
  const method = METHODS.find((each) => each === field(form, FIELDS.method)) ?? 'GET'
  const path = (form.has(FIELDS.go) ? field(form, FIELDS.go) : field(form, FIELDS.path)).trim()
  const credential = readCredential(form, options)
  // Without an authorizer there is no impersonation.
  const actingAs = options.authorizer === undefined ? undefined : readActingAs(form, options.users ?? [])
  const question = { credential, method, path: path === '' ? '/' : path, ...(actingAs && { actingAs }) }
  const problem = problemOf(question)
  if (problem === undefined) return question
  return { credential, method, path: '/', problem }
}

function readCredential(form: URLSearchParams, { prepared = [] }: ExplainPageOptions): Credential {
  const token = field(form, FIELDS.token).trim()
  const password = field(form, FIELDS.password)
  const chosen = field(form, FIELDS.who)
  // Without a script, a typed credential is in the form only when it has just been typed.
  const who =
    chosen !== '' ? chosen : token !== '' ? 'token' : password !== '' ? 'password' : field(form, FIELDS.kept)
  if (who === 'none') return { kind: 'none' }
  if (who === 'token') return { kind: 'token', token }
  if (who === 'password') return { kind: 'password', username: field(form, FIELDS.username), password }
  const name = who.startsWith(PREPARED) ? who.slice(PREPARED.length) : undefined
  if (name !== undefined && prepared.some((each) => each.name === name)) return { kind: 'prepared', name }
  return { kind: 'current' }
}

const PREPARED = 'prepared:'

export function whoOf(credential: Credential): string {
  return credential.kind === 'prepared' ? PREPARED + credential.name : credential.kind
}

function readActingAs(
  form: URLSearchParams,
  users: readonly OfferedUser[],
): Required<OfferedUser> | undefined {
  const as = field(form, FIELDS.as)
  const offered = /^\d{1,4}$/.test(as) ? users[Number(as)] : undefined
  if (offered !== undefined) return { groups: [], ...offered }
  // Another caller acts for themselves at first.
  if (as === 'none' || (as === '' && form.has(FIELDS.who))) return undefined
  const username = field(form, FIELDS.asUser).trim()
  if (username === '') return undefined
  const groups = field(form, FIELDS.asGroups)
    .split(',')
    .map((group) => group.trim())
    .filter((group) => group !== '')
  return { username, groups }
}

/** Characters that no header or request target can contain. */
const CONTROL = /[^ -~\u00a0-\uffff]/

function problemOf({ credential, path, actingAs }: Question): string | undefined {
  if (!path.startsWith('/') || /\s|[^ -~\u00a0-\uffff]/.test(path) || path.length > 2048) {
    return 'The path must begin with a slash, without spaces, in at most 2,048 characters.'
  }
  const names = actingAs === undefined ? [] : [actingAs.username, ...actingAs.groups]
  if (names.some((name) => CONTROL.test(name) || name.length > 256) || names.length > 65) {
    return 'A user to act as has a name and at most 64 groups, each in at most 256 characters, without control characters.'
  }
  if (credential.kind === 'token') {
    if (credential.token === '') return 'There is no token: paste it again, since it is not kept.'
    if (CONTROL.test(credential.token)) return 'The token contains a line break or another control character.'
  }
  if (credential.kind !== 'password') return undefined
  const { username, password } = credential
  if (username === '' || password === '') {
    return 'There is no name or no password: type them again, since they are not kept.'
  }
  if (username.includes(':')) return 'The name contains a colon, which separates the name from the password.'
  return CONTROL.test(username + password)
    ? 'The name or the password contains a control character.'
    : undefined
}

/** Reads `application/x-www-form-urlencoded`, or the JSON that the result of a body parser was converted to. The first of equal names counts; a body parser makes a list of them, which counts as absent. */
export function readForm(body: Uint8Array): URLSearchParams {
  const text = new TextDecoder().decode(body)
  return parsed(text) ?? new URLSearchParams(text)
}

function parsed(text: string): URLSearchParams | undefined {
  if (!text.startsWith('{')) return undefined
  try {
    const value: unknown = JSON.parse(text)
    if (!isObject(value)) return undefined
    const fields = Object.entries(value).flatMap(([name, each]): [string, string][] =>
      typeof each === 'string' ? [[name, each]] : [],
    )
    return new URLSearchParams(fields)
  } catch {
    return undefined
  }
}

/** A field that was not sent is `''`. */
function field(form: URLSearchParams, name: string): string {
  return form.get(name) ?? ''
}
