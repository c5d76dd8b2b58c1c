import { type AuthenticationEvent, authenticatorChain, type Clock } from '@kube-authn/core'
import { allowPaths, parseRbac, rbac } from '@kube-authn/core/authorization'
import { createPki } from '@kube-authn/testing'
import { clientCertificate } from '@kube-authn/core/client-certificate'
import { passwordFile } from '@kube-authn/core/password-file'
import { tokenFile } from '@kube-authn/core/token-file'
import { describe, expect, it, vi } from 'vitest'
import { explainPage } from './explain-page.ts'
import type { ExplainPageOptions } from './options.ts'

const ADMIN = { authorization: 'Bearer the-token-of-ada' }
const JANE = { authorization: 'Bearer the-token-of-jane' }
const URL_OF_PAGE = 'https://app.example.com/admin/explain'

const chain = authenticatorChain({
  tokens: [
    tokenFile(
      [
        'the-token-of-ada,ada,1,admins',
        'the-token-of-jane,jane,2,"developers,app1"',
        'the-token-of-evil,"<script>alert(1)</script>",3,"<img src=x>,__proto__"',
        'the-token-of-proto,__proto__,4,constructor',
        'the-token-of-turned,"user\u202Enimda\u200B\tx",5',
      ].join('\n'),
    ),
  ],
  passwords: [passwordFile('the-password-of-joe,joe,6,operators')],
})

const policy = rbac(
  parseRbac(`
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: reader }
rules:
  - { apiGroups: [''], resources: [orders], verbs: [get, list] }
  - { nonResourceURLs: [/admin/*], verbs: [get] }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: { name: app1-reads }
subjects: [{ kind: Group, name: app1, apiGroup: rbac.authorization.k8s.io }]
roleRef: { kind: ClusterRole, name: reader, apiGroup: rbac.authorization.k8s.io }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: impersonator }
rules:
  - { apiGroups: [''], resources: [users, groups], verbs: [impersonate] }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: { name: ada-impersonates }
subjects: [{ kind: User, name: ada, apiGroup: rbac.authorization.k8s.io }]
roleRef: { kind: ClusterRole, name: impersonator, apiGroup: rbac.authorization.k8s.io }
`),
)

const attributes: ExplainPageOptions['attributes'] = ({ path }) => {
  const [, resource, name] = /^\/(orders|nodes)\/(\w+)$/.exec(path) ?? []
  return resource === undefined || name === undefined ? undefined : { verb: 'get', resource, name }
}

interface Asked {
  readonly headers?: Record<string, string>
  readonly form?: Record<string, string> | string
  readonly method?: string
  readonly query?: string
}

/** A request for the page. A form is sent as the page itself sends it. */
async function ask(
  options: ExplainPageOptions | ReturnType<typeof explainPage>,
  { headers = ADMIN, form, method, query = '' }: Asked = {},
): Promise<{ status: number; headers: Headers; text: string }> {
  const page = typeof options === 'function' ? options : explainPage(chain, options)
  const body = form === undefined ? undefined : String(new URLSearchParams(form))
  const response = await page.fetch(
    new Request(URL_OF_PAGE + query, {
      method: method ?? (body === undefined ? 'GET' : 'POST'),
      headers: {
        ...(body !== undefined && {
          'content-type': 'application/x-www-form-urlencoded',
          'sec-fetch-site': 'same-origin',
        }),
        ...headers,
      },
      ...(body !== undefined && { body }),
    }),
  )
  return { status: response.status, headers: response.headers, text: await response.text() }
}

/** What is shown, without markup. */
function shown(text: string): string {
  return text
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/ (?=[.,:”])/g, '')
}

const heading = (text: string): string => shown(/<h1[^]*<\/h1>/.exec(text)?.[0] ?? '').trim()

describe('who may see the page', () => {
  it.each<[string, ExplainPageOptions, Record<string, string>, number]>([
    ['no user, by default', {}, ADMIN, 403],
    ['no user, if no group is listed', { allow: [] }, ADMIN, 403],
    ['a member of the group', { allow: 'admins' }, ADMIN, 200],
    ['a member of one of the groups', { allow: ['others', 'admins'] }, ADMIN, 200],
    ['not a member of another group', { allow: 'admins' }, JANE, 403],
    ['not a user named like the group', { allow: 'ada' }, ADMIN, 403],
    ['not a request without a credential', { allow: 'system:unauthenticated' }, {}, 401],
    ['not a request with a wrong credential', { allow: 'admins' }, { authorization: 'Bearer wrong' }, 401],
    ['a user that the authorizer allows to get the path', { allow: policy }, JANE, 200],
    ['not a user that the authorizer does not allow', { allow: policy }, ADMIN, 403],
    ['a path that the authorizer allows to every user', { allow: allowPaths(['/admin/explain']) }, JANE, 200],
    [
      'not an admin who acts as a user',
      { allow: 'admins', authorizer: policy },
      { ...ADMIN, 'impersonate-user': 'jane' },
      403,
    ],
    [
      'an admin who acts as an admin',
      { allow: 'admins', authorizer: policy },
      { ...ADMIN, 'impersonate-user': 'eve', 'impersonate-group': 'admins' },
      200,
    ],
    [
      'not a user who may not act as an admin',
      { allow: 'admins', authorizer: policy },
      { ...JANE, 'impersonate-user': 'eve', 'impersonate-group': 'admins' },
      403,
    ],
    [
      'not an admin who asks to act as another user, without an authorizer',
      { allow: 'admins' },
      { ...ADMIN, 'impersonate-user': 'jane' },
      403,
    ],
  ])('%s', async (_, options, headers, status) => {
    const page = explainPage(chain, options)
    const query = '?asset=style'
    expect((await ask(page, { headers })).status).toBe(status)
    expect((await ask(page, { headers, query })).status).toBe(status)
    const { text, ...refused } = await ask(page, { headers, form: { who: 'none' } })
    // RBAC allows to get the path only.
    expect(refused.status).toBe(options.allow === policy ? 403 : status)
    if (refused.status !== 200) expect(JSON.parse(text)).toMatchObject({ kind: 'Status', status: 'Failure' })
  })

  it('challenges a visitor without a credential', async () => {
    const { headers } = await ask({ allow: 'admins', realm: 'admin' }, { headers: {} })
    expect(headers.get('www-authenticate')).toContain('Basic realm="admin"')
  })

  it('tells an observer who asked, and nothing of the request that is explained', async () => {
    const events: AuthenticationEvent[] = []
    const observer = (event: AuthenticationEvent): void => void events.push(event)
    await ask({ allow: 'admins', observer }, { form: { who: 'token', token: 'the-token-of-jane' } })
    expect(events.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['request', 'authorization', 'response']),
    )
    expect(JSON.stringify(events)).not.toContain('jane')
    expect(events.at(-1)).toMatchObject({ type: 'response', status: 200 })
  })
})

describe('every response', () => {
  it.each<[string, number, ExplainPageOptions, Asked]>([
    ['the page', 200, {}, {}],
    ['the head of the page', 200, {}, { method: 'HEAD' }],
    ['the style', 200, {}, { query: '?asset=style' }],
    ['the script', 200, {}, { query: '?asset=script' }],
    ['an answer', 200, {}, { form: { who: 'none' } }],
    ['a question that cannot be read', 400, {}, { form: { path: 'nowhere' } }],
    ['a refused visitor', 403, { allow: [] }, {}],
    ['an unknown visitor', 401, {}, { headers: {} }],
    ['another method', 405, {}, { method: 'DELETE' }],
    ['a form of another site', 403, {}, { form: {}, headers: { ...ADMIN, 'sec-fetch-site': 'cross-site' } }],
    ['another body', 415, {}, { form: {}, headers: { ...ADMIN, 'content-type': 'application/json' } }],
    ['a large form', 413, {}, { form: { token: 'x'.repeat(70_000) } }],
    ['too many', 429, { clock: stopped(), maxPerMinute: 1 }, { form: { who: 'none' } }],
  ])('is kept from caches, frames, other origins and scripts: %s', async (what, status, options, asked) => {
    const page = explainPage(chain, { allow: 'admins', ...options })
    if (what === 'too many') await ask(page, asked)
    const response = await ask(page, asked)
    expect(response.status).toBe(status)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'cache-control': 'no-store',
      'content-security-policy': expect.stringMatching(
        /^default-src 'none'; script-src 'self'; style-src 'self'; .*frame-ancestors 'none'$/,
      ),
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
    })
    expect(response.text).not.toMatch(/ style=| on\w+=|javascript:|unsafe-inline/)
    if (asked.method === 'HEAD') expect(response.text).toBe('')
  })

  it('has no script and no style of its own', async () => {
    const { text } = await ask({ allow: 'admins' })
    expect(text.match(/<(?:script|style|link)[^>]*>/g)).toEqual([
      '<link rel="stylesheet" href="?asset=style" />',
      '<script src="?asset=script" defer>',
    ])
  })
})

describe('a form', () => {
  it.each<[string, Record<string, string>, boolean]>([
    ['of this origin', { 'sec-fetch-site': 'same-origin' }, true],
    ['of another subdomain', { 'sec-fetch-site': 'same-site' }, false],
    ['of another site', { 'sec-fetch-site': 'cross-site' }, false],
    ['typed by the user', { 'sec-fetch-site': 'none' }, true],
    [
      'of this origin, in an old browser',
      { origin: 'https://app.example.com', host: 'app.example.com' },
      true,
    ],
    ['with the default port', { origin: 'https://app.example.com', host: 'app.example.com:443' }, true],
    ['of another port', { origin: 'https://app.example.com:8443', host: 'app.example.com' }, false],
    ['of another host', { origin: 'https://evil.example.com', host: 'app.example.com' }, false],
    ['of a document without an origin', { origin: 'null', host: 'app.example.com' }, false],
    ['of the host of the URL, without a header', { origin: 'https://app.example.com' }, true],
    ['of no browser', {}, false],
    [
      'of another site with the right origin',
      { 'sec-fetch-site': 'cross-site', origin: 'https://app.example.com', host: 'app.example.com' },
      false,
    ],
  ])('%s', async (_, headers, isAnswered) => {
    const page = explainPage(chain, { allow: 'admins' })
    const response = await page.fetch(
      new Request(URL_OF_PAGE, {
        method: 'POST',
        headers: { ...ADMIN, 'content-type': 'application/x-www-form-urlencoded; charset=utf-8', ...headers },
        body: 'who=none',
      }),
    )
    expect(response.status).toBe(isAnswered ? 200 : 403)
  })

  it('is answered so many times a minute, for all visitors together', async () => {
    const clock = stopped()
    const page = explainPage(chain, { allow: 'admins', maxPerMinute: 2, clock })
    const status = async (): Promise<number> => (await ask(page, { form: { who: 'none' } })).status
    expect([await status(), await status(), await status()]).toEqual([200, 200, 429])
    expect((await ask(page, { form: { who: 'none' } })).headers.get('retry-after')).toBe('30')
    expect((await ask(page)).status).toBe(200)
    clock.nowMs += 30_000
    expect([await status(), await status()]).toEqual([200, 429])
    clock.nowMs -= 3_600_000
    expect(await status()).toBe(429)
    clock.nowMs += 3_600_000
    expect([await status(), await status(), await status()]).toEqual([200, 200, 429])
  })

  it('may have been read by a body parser', async () => {
    const page = explainPage(chain, { allow: 'admins' })
    const form = '{"who":"token","token":"the-token-of-jane","path":["/a"],"method":{}}'
    const response = await page.fetch(
      new Request(URL_OF_PAGE, {
        method: 'POST',
        headers: {
          ...ADMIN,
          'content-type': 'application/x-www-form-urlencoded',
          'sec-fetch-site': 'same-origin',
        },
        body: form,
      }),
    )
    expect(heading(await response.text())).toBe('You are jane')
  })

  it.each([
    '{"who":',
    '[1]',
    '{',
    '%',
    '&&&=',
    '\0',
    'who=prepared:constructor',
    'who=prepared:__proto__&as=0',
  ])('of the body %j is about the visitor', async (body) => {
    const page = explainPage(chain, { allow: 'admins', prepared: [{ name: 'x', description: '' }] })
    const response = await page.fetch(
      new Request(URL_OF_PAGE, {
        method: 'POST',
        headers: {
          ...ADMIN,
          'content-type': 'application/x-www-form-urlencoded',
          'sec-fetch-site': 'same-origin',
        },
        body,
      }),
    )
    expect(response.status).toBe(200)
    expect(heading(await response.text())).toBe('You are ada')
  })
})

describe('a pasted credential', () => {
  it.each<[string, Record<string, string>, string]>([
    ['a token', { who: 'token', token: ' the-token-of-jane\n' }, 'You are jane'],
    ['a wrong token', { who: 'token', token: 'the-token-of-nemo' }, 'You are not authenticated'],
    ['a password', { who: 'password', username: 'joe', password: 'the-password-of-joe' }, 'You are joe'],
    [
      'a wrong password',
      { who: 'password', username: 'joe', password: 'the-password-of-nemo' },
      'You are not authenticated',
    ],
    ['a token that was just typed', { kept: 'none', token: 'the-token-of-jane' }, 'You are jane'],
    ['a password that was just typed', { username: 'joe', password: 'the-password-of-joe' }, 'You are joe'],
    [
      'a token beside another choice',
      { who: 'none', token: 'the-token-of-jane' },
      'You are not authenticated',
    ],
    ['no token any more', { who: 'token', token: '' }, 'That cannot be asked'],
    ['no password any more', { who: 'password', username: 'joe', password: '' }, 'That cannot be asked'],
    ['a token of two lines', { who: 'token', token: 'the-token\r\nof-jane' }, 'That cannot be asked'],
    [
      'a name with a colon',
      { who: 'password', username: 'j:oe', password: 'the-password-of-joe' },
      'That cannot be asked',
    ],
  ])('is explained and never shown: %s', async (_, form, expected) => {
    const log = [vi.spyOn(console, 'log'), vi.spyOn(console, 'error'), vi.spyOn(console, 'warn')]
    const { text } = await ask({ allow: 'admins', authorizer: policy }, { form })
    expect(heading(text)).toBe(expected)
    expect(text).not.toMatch(/the-(?:token|password)/)
    expect(text).not.toContain(btoa('joe:the-password-of-joe'))
    expect(log.flatMap(({ mock }) => mock.calls)).toEqual([])
  })

  it('is that of the explained request only: neither the visitor nor their certificate has a part in it', async () => {
    const pki = await createPki()
    const { chainPem } = await pki.issueClient({ commonName: 'jbeda' })
    const withCertificates = authenticatorChain({
      clientCertificate: clientCertificate({ ca: pki.caPem }),
      tokens: [tokenFile('the-token-of-ada,ada,1,admins')],
    })
    const page = explainPage(withCertificates, {
      allow: 'admins',
      prepared: [{ name: 'jbeda', description: 'certificate', cert: chainPem, curl: ['--cert jbeda.crt'] }],
    })
    expect(heading((await ask(page, { form: { who: 'prepared:jbeda' } })).text)).toBe('You are jbeda')
    expect(heading((await ask(page, { form: { who: 'none' } })).text)).toBe('You are not authenticated')
  })

  it('is not in the answer if the request could not be explained', async () => {
    const page = explainPage(chain, {
      allow: 'admins',
      prepared: [
        {
          name: 'broken',
          description: '',
          requestHeaders: () => Promise.reject(new Error('the-secret of the store')),
        },
      ],
    })
    const { status, text } = await ask(page, { form: { who: 'prepared:broken' } })
    expect(status).toBe(500)
    expect(JSON.parse(text)).toMatchObject({ message: 'the request could not be explained' })
  })
})

describe('the page', () => {
  const options: ExplainPageOptions = {
    allow: 'admins',
    authorizer: policy,
    attributes,
    users: [{ username: 'jane', groups: ['app1'] }],
    paths: ['/orders/17'],
    prepared: [
      {
        name: 'jane',
        description: 'bearer token',
        requestHeaders: () => ({ authorization: 'Bearer the-token-of-jane' }),
        curl: ['--header @jane.header'],
      },
      { name: 'evil', description: 'hostile', requestHeaders: { authorization: 'Bearer the-token-of-evil' } },
      {
        name: 'proto',
        description: 'hostile',
        requestHeaders: { authorization: 'Bearer the-token-of-proto' },
      },
      {
        name: 'turned',
        description: 'hostile',
        requestHeaders: { authorization: 'Bearer the-token-of-turned' },
      },
    ],
  }
  const who = 'prepared:jane'

  it('begins with the request of the visitor', async () => {
    const { text } = await ask(options)
    expect(heading(text)).toBe('You are ada')
    expect(shown(text)).toContain('GET /admin/explain passes')
    expect(text).toMatch(/value="current"[^>]*aria-current="true"/)
    expect(text).toMatch(/<input\s+id="path"[^>]*value="\/orders\/17"/)
  })

  it.each<[string, Record<string, string>, string]>([
    [
      'an allowed request',
      { who, path: '/orders/17' },
      'jane may get orders 17, since the ClusterRole reader is bound to the group app1. It is bound by the ClusterRoleBinding app1-reads. Its rule allows get and list on orders.',
    ],
    [
      'a forbidden request',
      { who, path: '/nodes/mynode' },
      'jane may not get nodes mynode: no role that is bound to jane or to the groups developers, app1 or system:authenticated allows it.',
    ],
    ['a request that needs no role', { who, path: '/' }, 'This request needs no role.'],
    [
      'a request without a user',
      { who: 'none', path: '/orders/17' },
      'No role is looked up for a request without a user.',
    ],
  ])('says the decision as a sentence: %s', async (_, form, sentence) => {
    expect(shown((await ask(options, { form })).text)).toContain(sentence)
  })

  it.each<[string, Record<string, string>, string, string]>([
    [
      'an offered user',
      { kept: 'current', as: '0', path: '/orders/17' },
      'You are ada, acting as jane',
      'passes',
    ],
    [
      'a typed user',
      { kept: 'current', as: 'typed', 'as-user': 'eve', 'as-groups': 'app1, , dev', path: '/orders/17' },
      'You are ada, acting as eve',
      'passes',
    ],
    [
      'a user without rights',
      { kept: 'current', 'as-user': 'eve', path: '/orders/17' },
      'You are ada, acting as eve',
      '403',
    ],
    ['no user any more', { kept: 'current', as: 'none', 'as-user': 'eve' }, 'You are ada', 'passes'],
    ['no user, once another caller is chosen', { who, 'as-user': 'eve' }, 'You are jane', 'passes'],
    ['a user that the caller may not act as', { kept: who, as: '0' }, 'You are jane', '403 Forbidden'],
    ['a number that is not offered', { kept: who, as: '7' }, 'You are jane', 'passes'],
  ])('sees as %s', async (_, form, expected, status) => {
    const { text } = await ask(options, { form })
    expect(heading(text)).toBe(expected)
    expect(shown(text)).toContain(status)
  })

  it('has the audit event, with both users', async () => {
    const { text } = await ask(options, { form: { kept: 'current', as: '0', path: '/orders/17?x=1' } })
    const event: unknown = JSON.parse(shown(/<pre[^>]*id="audit"[^]*?<\/pre>/.exec(text)?.[0] ?? ''))
    expect(event).toMatchObject({
      stage: 'ResponseComplete',
      requestURI: '/orders/17?x=1',
      user: { username: 'ada' },
      impersonatedUser: { username: 'jane', groups: ['app1', 'system:authenticated'] },
      objectRef: { resource: 'orders', name: '17' },
      responseStatus: { code: 200 },
    })
  })

  it.each<[string, Record<string, string>, string]>([
    [
      'of a prepared request',
      { who, path: '/a' },
      'curl \\\n  --header @jane.header \\\n  https://app.example.com/a',
    ],
    [
      'of one without options, without its value',
      { who: 'prepared:evil', path: '/a' },
      'curl \\\n  --header "authorization: $CREDENTIAL" \\\n  https://app.example.com/a',
    ],
    [
      'of a token',
      { who: 'token', token: 'secret-secret', path: '/a', method: 'DELETE' },
      'curl \\\n  --request DELETE \\\n  --header "Authorization: Bearer $TOKEN" \\\n  https://app.example.com/a',
    ],
    [
      'of a password',
      { who: 'password', username: "o'neil; rm -rf /", password: 'secret-secret', path: '/a' },
      String.raw`curl ${'\\\n'}  --user 'o'\''neil; rm -rf /' ${'\\\n'}  https://app.example.com/a`,
    ],
    [
      'of an impersonation',
      { who: 'none', as: 'typed', 'as-user': '$(id)', 'as-groups': '`id`', path: "/a'b?[1-2]" },
      [
        'curl',
        "--header 'Impersonate-User: $(id)'",
        "--header 'Impersonate-Group: `id`'",
        '--globoff',
        String.raw`'https://app.example.com/a'\''b?[1-2]'`,
      ].join(' \\\n  '),
    ],
  ])('has the curl command %s', async (_, form, command) => {
    const { text } = await ask(options, { form })
    const [, escaped = ''] = /data-text="([^"]*)"/.exec(text) ?? []
    expect(escaped.replaceAll(/&#(\d+);/g, (__, code: string) => String.fromCharCode(Number(code)))).toBe(
      command,
    )
  })

  it('shows the steps that decided, and all of them on demand', async () => {
    const { text } = await ask(options, { form: { who } })
    const steps = shown(/<ol class="steps">[^]*?<\/ol>/.exec(text)?.[0] ?? '')
    expect(steps).toMatch(
      /^ Name and password not in this request Token file authenticated knows jane [\d.]+ ms $/,
    )
    const all = shown(/<ul class="tree">[^]*?<\/details>/.exec(text)?.[0] ?? '')
    expect(all).toContain('chain authenticated union authenticated basic no opinion')
  })

  it.each<[string, Record<string, string>, string, string]>([
    ['a wrong token', { who: 'token', token: 'wrong-token' }, 'Invalid bearer token.', 'copied whole'],
    [
      'a wrong password',
      { who: 'password', username: 'joe', password: 'a guess' },
      'Invalid username/password combination.',
      'Check the name and the password',
    ],
    [
      'no credential',
      { who: 'none' },
      'The request has no credential that any authenticator knows',
      'What to do Send "Authorization: ',
    ],
  ])('says why it is refused, and what to do: %s', async (_, form, why, whatToDo) => {
    const text = shown((await ask(options, { form })).text)
    expect(text).toContain(`Why ${why}`)
    expect(text).toContain(whatToDo)
    expect(text).toContain('The client only learns 401 Unauthorized')
  })

  it.each([
    ['evil', 'You are <script>alert(1)</script>'],
    ['proto', 'You are __proto__'],
    ['turned', 'You are user U+202E nimda U+200B U+0009 x'],
  ])('escapes hostile names and shows what cannot be seen: %s', async (name, expected) => {
    const { text } = await ask(options, { form: { who: `prepared:${name}`, path: '/orders/17' } })
    expect(heading(text)).toBe(expected)
    expect(text).not.toMatch(/<script>|<img|[\u202E\u200B\t]/)
  })

  it.each([
    ['a path', { path: '/"><script>alert(1)</script>' }],
    ['a user', { as: 'typed', 'as-user': '"><script>alert(1)</script>\u202E' }],
    ['a group', { as: 'typed', 'as-user': 'eve', 'as-groups': '"><script>alert(1)</script>' }],
    ['a method', { method: '<script>alert(1)</script>' }],
    ['a choice', { who: '<script>alert(1)</script>' }],
  ])('escapes hostile input: %s', async (_, form) => {
    const { text } = await ask(options, { form: { path: '/orders/17', ...form } })
    expect(text).not.toContain('<script>')
    expect(text).not.toContain('"><script')
    expect(text.replaceAll(/ (?:value|data-text)="[^"]*"/g, '')).not.toContain('\u202E')
  })

  it.each([
    ['a relative path', { path: 'orders' }],
    ['a path with spaces', { path: '/a b' }],
    ['a long path', { path: `/${'x'.repeat(3000)}` }],
    ['a user with a line break', { 'as-user': 'a\nb: c', as: 'typed' }],
    ['a long user', { 'as-user': 'x'.repeat(300), as: 'typed' }],
    ['many groups', { 'as-user': 'eve', as: 'typed', 'as-groups': 'g,'.repeat(100) }],
  ])('refuses what no request can contain: %s', async (_, form) => {
    const { status, text } = await ask(options, { form })
    expect(status).toBe(400)
    expect(heading(text)).toBe('That cannot be asked')
  })

  it('explains authentication only, without an authorizer', async () => {
    const { text } = await ask(
      { allow: 'admins' },
      { form: { kept: 'current', as: 'typed', 'as-user': 'jane' } },
    )
    expect(heading(text)).toBe('You are ada')
    expect(text).toContain('passes')
    expect(text).not.toContain('See as another user')
  })

  it('says what an authorizer could not decide', async () => {
    const broken: ExplainPageOptions = {
      ...options,
      attributes: () => {
        throw new TypeError('no such route')
      },
    }
    const { text } = await ask(broken, { form: { who } })
    expect(text).toContain('500 InternalError')
    expect(shown(text)).toContain('Why The request was not decided')
  })
})

/** A clock that only the test moves. */
function stopped(): Clock & { nowMs: number } {
  return {
    nowMs: 1_700_000_000_000,
    now() {
      return this.nowMs
    },
    after: () => () => {},
  }
}
