import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { type Authenticator, basic, emptyContext } from '@kube-authn/core'
import { fromPassport, getUser, Strategy } from '@kube-authn/passport'
import { type CertificateAuthority, createPki, fakeRequest, type IssuedCredential } from '@kube-authn/testing'
import express from 'express'
import { Passport } from 'passport'
import LdapStrategy from 'passport-ldapauth'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { has } from './components.ts'
import { curl, type CurlAnswer } from './curl.ts'
import { documentedModule } from './documented.ts'
import { httpsApp, type Listening } from './https-app.ts'
import { makeScratch, type Scratch } from './scratch.ts'
import { startSlapd } from './slapd.ts'

const ROOT_PASSWORD = 'root-secret'
const PASSWORD = 'correct horse: battery'

const person = (uid: string): string => `
dn: uid=${uid},ou=people,dc=example,dc=com
objectClass: inetOrgPerson
uid: ${uid}
cn: ${uid}
sn: ${uid}
userPassword: ${PASSWORD}
`
const group = (dn: string, cn: string, members: readonly string[]): string => `
dn: cn=${dn},ou=groups,dc=example,dc=com
objectClass: groupOfNames
cn: ${cn}
${members.map((uid) => `member: uid=${uid},ou=people,dc=example,dc=com`).join('\n')}
`
const LDIF = [
  `dn: dc=example,dc=com
objectClass: dcObject
objectClass: organization
o: Example
dc: example

dn: ou=people,dc=example,dc=com
objectClass: organizationalUnit

dn: ou=groups,dc=example,dc=com
objectClass: organizationalUnit
`,
  ...['jane', 'joe', 'jörg'].map(person),
  group('devs', 'devs', ['jane']),
  group(String.raw`ops\2C by night`, 'ops, by night', ['jane', 'jörg']),
].join('')

describe.runIf(has('slapd', 'slapadd', 'curl'))('a directory, with passport-ldapauth', () => {
  let scratch: Scratch
  let pki: CertificateAuthority
  let server: IssuedCredential
  let slapd: Listening
  let authenticator: Authenticator
  let app: Listening

  beforeAll(async () => {
    scratch = makeScratch()
    pki = await createPki()
    server = await pki.issueServer({ hosts: ['localhost', '127.0.0.1'] })
    slapd = await startSlapd(scratch, server, ROOT_PASSWORD, LDIF)
    const page = await documentedModule<{ readonly authenticator: Authenticator }>(
      'A directory, with passport-ldapauth',
      {
        'ldaps://ldap.example.com': `ldaps://127.0.0.1:${slapd.port}`,
        '/etc/my-app/ldap-ca.crt': scratch.write('ca.crt', pki.caPem),
        '/etc/my-app/ldap-password': scratch.write('ldap-password', `${ROOT_PASSWORD}\n`),
      },
      'passport.md',
    )
    ;({ authenticator } = page)
    app = await httpsApp({ cert: server.chainPem, key: server.privateKeyPem }, authenticator)
  })
  afterAll(async () => {
    await app.close()
    await slapd.close()
    scratch.remove()
  })

  const askAs = (user: string, password: string): Promise<CurlAnswer> =>
    curl(
      '--cacert',
      scratch.path('ca.crt'),
      '--header',
      `Authorization: Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
      `https://localhost:${app.port}/`,
    )

  it.each([
    ['jane', ['devs', 'ops, by night']],
    ['joe', []],
    ['jörg', ['ops, by night']],
  ])('knows %s and the groups %j', async (username, groups) => {
    expect(await askAs(username, PASSWORD)).toEqual({
      username,
      groups: [...groups, 'system:authenticated'],
      headers: [],
    })
  })

  it.each([
    ['a wrong password', 'jane', 'wrong'],
    ['a password up to its colon', 'jane', 'correct horse'],
    ['no password, which a directory takes for anonymous', 'jane', ''],
    ['no name', '', PASSWORD],
    ['nobody', 'nobody', PASSWORD],
    ['a pattern', 'ja*', PASSWORD],
    ['any pattern', '*', PASSWORD],
    ['a filter', 'jane)(uid=*', PASSWORD],
    ['an alternative', '*)(|(uid=jane', PASSWORD],
    ['a backslash', String.raw`\6aane`, PASSWORD],
    ['a zero byte', 'jane\0', PASSWORD],
    ['a distinguished name', 'uid=jane,ou=people,dc=example,dc=com', PASSWORD],
    ['what comes before it in the filter', 'jane$`', PASSWORD],
    ['what comes after it in the filter', "jane$'", PASSWORD],
    ['the placeholder of the filter', 'jane$&', PASSWORD],
    ['`__proto__`', '__proto__', PASSWORD],
  ])('refuses %s, and goes on', async (_, user, password) => {
    expect(await askAs(user, password)).toBe(401)
    expect(await askAs('joe', PASSWORD)).toMatchObject({ username: 'joe' })
  })

  it('tells the users of two requests apart that are under way together', async () => {
    const names = ['jane', 'joe', 'jörg', 'joe', 'jane']
    const answers = await Promise.all(names.map((name) => askAs(name, PASSWORD)))
    expect(answers.map((answer) => (typeof answer === 'number' ? answer : answer.username))).toEqual(names)
  })

  it('is in a chain that is a strategy again', async () => {
    const passport = new Passport()
    passport.use(new Strategy(authenticator))
    const outer = express()
    outer.use(passport.authenticate('kube-authn', { session: false }) as express.RequestHandler)
    outer.get('/', (req, res) => res.json(getUser(req)))
    const listening = outer.listen(0, '127.0.0.1')
    await once(listening, 'listening')
    const url = `http://127.0.0.1:${(listening.address() as AddressInfo).port}/`
    const ask = (password: string): Promise<CurlAnswer> => curl('--user', `jane:${password}`, url)
    expect(await ask(PASSWORD)).toMatchObject({ username: 'jane', groups: expect.arrayContaining(['devs']) })
    expect(await ask('wrong')).toBe(401)
    listening.close()
  })

  /** The result for jane: `authenticated`, or the code of the error. */
  async function outcomeWith(other: object, timeoutSeconds = 5): Promise<string> {
    const strategy = new LdapStrategy({
      server: {
        url: `ldaps://127.0.0.1:${slapd.port}`,
        tlsOptions: { ca: [pki.caPem] },
        bindDN: 'cn=my-app,dc=example,dc=com',
        bindCredentials: ROOT_PASSWORD,
        searchBase: 'ou=people,dc=example,dc=com',
        searchFilter: '(uid={{username}})',
        ...other,
      },
    })
    const one = basic(
      fromPassport(strategy, {
        as: 'password',
        timeoutSeconds,
        user: ({ uid }: { readonly uid: string }) => ({ username: uid }),
      }),
    )
    const credential = Buffer.from(`jane:${PASSWORD}`).toString('base64')
    const request = fakeRequest({ headers: [['Authorization', `Basic ${credential}`]] })
    try {
      await one.authenticate(request, emptyContext)
      return 'authenticated'
    } catch (error) {
      return String((error as { readonly code?: unknown }).code)
    }
  }

  it('could not tell, and says so, when there is no directory, another one, or one that is silent', async () => {
    const silent = createServer(() => undefined).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const strangers = await createPki()
    expect(await outcomeWith({})).toBe('authenticated')
    expect(await outcomeWith({ url: 'ldaps://127.0.0.1:1' })).toBe('unavailable')
    expect(await outcomeWith({ tlsOptions: { ca: [strangers.caPem] } })).toBe('unavailable')
    const url = `ldap://127.0.0.1:${(silent.address() as AddressInfo).port}`
    expect(await outcomeWith({ url }, 0.2)).toBe('unavailable')
    silent.close()
  })

  it('leaves no connection open at a silent directory, with the times of the page', async () => {
    const silent = createServer((socket) => socket.resume()).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const connections = (): Promise<number> =>
      new Promise((resolve) => silent.getConnections((_, count) => resolve(count)))
    const url = `ldap://127.0.0.1:${(silent.address() as AddressInfo).port}`
    expect(await outcomeWith({ url, timeout: 200, connectTimeout: 200 }, 1)).toBe('unavailable')
    await vi.waitFor(async () => expect(await connections()).toBe(0))
    silent.close()
  })

  it('refuses all users when its own password is wrong, which passport-ldapauth does not distinguish from theirs', async () => {
    expect(await outcomeWith({ bindCredentials: 'wrong' })).toBe('rejected')
  })
})
