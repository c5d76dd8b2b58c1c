import type { HttpAnswer } from '@kube-authn/core/adapter'

export interface PageContent {
  readonly status: number
  readonly title: string
  /** HTML in which everything from outside is escaped. */
  readonly main: string
  /** Origins at which a form may end, besides this one. */
  readonly formTargets?: readonly string[]
  readonly setCookies?: readonly string[]
  readonly retryAfterSeconds?: number
  /** Whether the page has a form: without a referrer policy that tells this origin, older browsers would send none. */
  readonly hasForm?: boolean
}

/** Its digest is in the policy of the page. */
const STYLE =
  ':root{color-scheme:light dark}body{font:1rem/1.5 system-ui,sans-serif;max-width:28rem;margin:12vh auto;padding:0 1.5rem}h1{font-size:1.5rem}' +
  'ul{list-style:none;padding:0}li{margin:.75rem 0}a.choice,button{display:block;box-sizing:border-box;width:100%;padding:.75rem 1rem;font:inherit;' +
  'text-align:center;text-decoration:none;color:inherit;background:transparent;border:1px solid currentColor;border-radius:.5rem;cursor:pointer}' +
  'a.choice:focus-visible,button:focus-visible{outline:3px solid Highlight;outline-offset:2px}'

/** Headers of every response of a login: nothing of it is kept, shown in a frame, or told to another site. */
export const PRIVATE_HEADERS = {
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const

/** A page: without scripts, for light and dark, and readable without its style. */
export async function page(content: PageContent): Promise<HttpAnswer> {
  const { status, title, main, formTargets = [], setCookies = [], retryAfterSeconds } = content
  const targets = ["'self'", ...formTargets].join(' ')
  const policy = `default-src 'none'; style-src 'sha256-${await styleDigest()}'; form-action ${targets}; base-uri 'none'; frame-ancestors 'none'`
  return {
    status,
    headers: {
      ...PRIVATE_HEADERS,
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policy,
      'x-frame-options': 'DENY',
      ...(setCookies.length > 0 && { 'set-cookie': [...setCookies] }),
      ...(content.hasForm === true && { 'referrer-policy': 'same-origin' }),
      ...(retryAfterSeconds !== undefined && { 'retry-after': String(retryAfterSeconds) }),
    },
    content:
      `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">` +
      `<title>${escaped(title)}</title><style>${STYLE}</style></head><body><main><h1>${escaped(title)}</h1>${main}</main></body></html>`,
  }
}

async function styleDigest(): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(STYLE))
  return btoa(String.fromCharCode(...new Uint8Array(digest)))
}

/** A redirect of a browser. The `GET` of it follows whatever the method was (RFC 9110 section 15.4.4). */
export function redirect(location: string, setCookies: readonly string[] = []): HttpAnswer {
  return {
    status: 303,
    headers: {
      ...PRIVATE_HEADERS,
      location,
      ...(setCookies.length > 0 && { 'set-cookie': [...setCookies] }),
    },
    content: '',
  }
}

/** Text that may stand in HTML, also in an attribute in quotes. */
export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '')
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
