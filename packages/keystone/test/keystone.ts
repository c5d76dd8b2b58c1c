import type { KeystoneFetch, KeystoneFetchInit } from '../src/index.ts'

/** A token as Keystone makes them with Fernet. */
export const FERNET: string = `gAAAAABrBlOA${'x'.repeat(150)}`
/** Another one. */
export const FERNET_2: string = `gAAAAABrBlOA${'y'.repeat(150)}`

/** A call as Keystone sees it. */
export interface KeystoneCallSeen {
  readonly method: string
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
  readonly init: KeystoneFetchInit
}

/** What a fake does with a call. What it throws is a connection that failed. */
export type KeystoneScript = (call: KeystoneCallSeen) => Response | Promise<Response>

/** A fetch that goes to a Keystone made of this script. */
export function fakeKeystone(script: KeystoneScript): {
  readonly fetch: KeystoneFetch
  readonly calls: KeystoneCallSeen[]
} {
  const calls: KeystoneCallSeen[] = []
  return {
    calls,
    async fetch(target, init) {
      const { method, headers, body } = init
      const seen = {
        method,
        url: new URL(target),
        headers,
        body: body === undefined ? undefined : (JSON.parse(body) as unknown),
        init,
      }
      calls.push(seen)
      return script(seen)
    },
  }
}

/** What Keystone 27 tells about a token of jane's for the project `app`. */
export const JANES_TOKEN = {
  methods: ['password'],
  user: {
    domain: { id: 'default', name: 'Default' },
    id: '742b0e6e74e140019f56a6ce2058a6dd',
    name: 'jane',
    password_expires_at: null,
  },
  audit_ids: ['RIwxORIRRFCgvd28t9JQhw'],
  expires_at: '2026-11-25T04:18:24.000000Z',
  issued_at: '2026-11-25T03:18:24.000000Z',
  project: { domain: { id: 'default', name: 'Default' }, id: 'a94d7f60', name: 'app' },
  is_domain: false,
  roles: [
    { id: 'f9bfd504', name: 'reader' },
    { id: '1defc4a7', name: 'member' },
  ],
} as const

/** When {@link JANES_TOKEN} ends. */
export const EXPIRES_AT_MS: number = Date.parse('2026-11-25T04:18:24Z')

/** An answer about a token: of jane's, with changes. */
export function tokenAnswer(
  changes: Readonly<Record<string, unknown>> = {},
  init: ResponseInit = {},
): Response {
  return Response.json({ token: { ...JANES_TOKEN, ...changes } }, init)
}

/** An answer to a login. */
export function loginAnswer(changes: Readonly<Record<string, unknown>> = {}, id: string = FERNET): Response {
  return tokenAnswer(changes, { status: 201, headers: { 'x-subject-token': id } })
}

/** An answer with groups of the default domain, or of another. */
export function groupsAnswer(
  groups: readonly (string | { readonly name: string; readonly domain_id: string })[],
  next: unknown = null,
): Response {
  return Response.json({
    groups: groups.map((group, index) => ({
      id: `g${index}`,
      ...(typeof group === 'string' ? { name: group, domain_id: 'default' } : group),
    })),
    links: { next, self: 'https://keystone/', previous: null },
  })
}

/** A refusal in Keystone's own words. */
export function refusalAnswer(status: number, headers: Readonly<Record<string, string>> = {}): Response {
  return Response.json({ error: { code: status, message: 'no', title: 'no' } }, { status, headers })
}
