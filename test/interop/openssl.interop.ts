import { readFileSync } from 'node:fs'
import { createAuthenticator, type NodeAuthenticator } from '@kube-authn/node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { has } from './components.ts'
import { curl, type CurlAnswer } from './curl.ts'
import { documented } from './documented.ts'
import { httpsApp, type Listening } from './https-app.ts'
import { makeScratch, type Scratch } from './scratch.ts'

const jbeda = { username: 'jbeda', groups: ['app1', 'app2', 'system:authenticated'], headers: [] }

/** A way to create certificates, and how it creates a key. */
const ways = [
  {
    what: 'the openssl commands of Kubernetes 1.6, with RSA keys',
    heading: 'With openssl',
    newKey: 'openssl genrsa 2048',
  },
  {
    what: 'openssl with alternative names and purposes, with EC keys',
    heading: 'Each for one purpose',
    newKey: 'openssl ecparam -name prime256v1 -genkey -noout',
  },
] as const

describe.runIf(has('openssl', 'curl')).each(ways)('$what', ({ heading, newKey }) => {
  let scratch: Scratch
  let authenticator: NodeAuthenticator
  let app: Listening

  beforeAll(async () => {
    scratch = makeScratch()
    await scratch.shell(documented(heading, 'sh'), { MASTER_IP: '127.0.0.1' })
    // Another CA that issues the same under the same names.
    await scratch.shell(documented(heading, 'sh'), { MASTER_IP: '127.0.0.1' }, 'stranger')
    authenticator = createAuthenticator({ clientCAFile: scratch.path('ca.crt') })
    app = await httpsApp(
      { cert: readFileSync(scratch.path('server.crt')), key: readFileSync(scratch.path('server.key')) },
      authenticator,
    )
  })
  afterAll(async () => {
    await app.close()
    authenticator.close()
    scratch.remove()
  })

  const ask = (...args: readonly string[]): Promise<CurlAnswer> =>
    curl('--cacert', scratch.path('ca.crt'), ...args, `https://127.0.0.1:${app.port}/`)

  const askWith = (cert: string, key: string): Promise<CurlAnswer> =>
    ask('--cert', scratch.path(cert), '--key', scratch.path(key))

  /** Issues a certificate for a new key. */
  const issue = async (
    subject: string,
    {
      options = '-days 1',
      ca = 'ca.crt',
      caKey = 'ca.key',
      extensions = 'extendedKeyUsage = clientAuth',
    } = {},
  ): Promise<CurlAnswer> => {
    scratch.write('extensions.cnf', `${extensions}\n`)
    await scratch.shell(`
      ${newKey} > new.key
      openssl req -new -utf8 -key new.key -subj '${subject}' -out new.csr
      openssl x509 -req -in new.csr -CA ${ca} -CAkey ${caKey} -CAcreateserial -out new.crt ${options} -extfile extensions.cnf
    `)
    return askWith('new.crt', 'new.key')
  }

  it('makes jbeda in app1 and app2 for the curl line of the page', async () => {
    const line = documented('Which user does the app see?', 'sh', { '8443': String(app.port) })
    expect(JSON.parse(await scratch.shell(line))).toEqual(jbeda)
    expect(await askWith('jbeda.crt', 'jbeda.pem')).toEqual(jbeda)
  })

  it('is asked for a certificate of any CA: the handshake names none', async () => {
    const connection = `openssl s_client -connect 127.0.0.1:${app.port}`
    for (const version of ['-tls1_2', '-tls1_3']) {
      const told = await scratch.shell(`${connection} ${version} </dev/null 2>&1`)
      expect(told).toContain('No client certificate CA names sent')
      expect(told).toContain('Requested Signature Algorithms')
    }
  })

  it('refuses a client without a certificate', async () => {
    expect(await ask()).toBe(401)
  })

  it('refuses the same names of another authority', async () => {
    expect(await askWith('stranger/jbeda.crt', 'stranger/jbeda.pem')).toBe(401)
  })

  it.each([
    {
      what: 'an expired one',
      how: { options: '-not_before 20240101000000Z -not_after 20240201000000Z' },
    },
    {
      what: 'one that is not valid yet',
      how: { options: '-not_before 20990101000000Z -not_after 20990201000000Z' },
    },
    { what: 'one for servers only', how: { extensions: 'extendedKeyUsage = serverAuth' } },
    { what: 'one to sign code with', how: { extensions: 'extendedKeyUsage = codeSigning' } },
    {
      what: 'one with an unknown critical extension',
      how: { extensions: '1.2.3.4 = critical, ASN1:UTF8:x' },
    },
    { what: 'one that was signed with SHA-1', how: { options: '-days 1 -sha1' } },
    { what: 'one that another user signed', how: { ca: 'jbeda.crt', caKey: 'jbeda.pem' } },
  ])('refuses $what', async ({ how }) => {
    expect(await issue('/CN=jbeda/O=app1', how)).toBe(401)
  })

  it.each([
    { subject: '/O=app1', why: 'it has no common name' },
    { subject: '/OU=jbeda/O=app1', why: 'another attribute is no common name' },
  ])('refuses $subject, for $why', async ({ subject }) => {
    expect(await issue(subject)).toBe(401)
  })

  it('refuses a certificate that signed itself, under the name of a user or of the authority', async () => {
    const authority = await scratch.shell('openssl x509 -in ca.crt -noout -subject -nameopt RFC2253')
    for (const subject of ['/CN=jbeda', authority.trim().replace('subject=', '/')]) {
      await scratch.shell(`
        ${newKey} > own.key
        openssl req -x509 -new -key own.key -subj '${subject}' -days 1 -out own.crt
      `)
      expect(await askWith('own.crt', 'own.key')).toBe(401)
    }
  })

  it('refuses a certificate behind which is one of the authority, when it is of another', async () => {
    await scratch.shell('cat stranger/jbeda.crt ca.crt > chain.crt')
    expect(await askWith('chain.crt', 'stranger/jbeda.pem')).toBe(401)
  })

  it.each([
    ['/O=z/CN=jane/O=a', 'jane', ['z', 'a']],
    ['/CN=jane/CN=admin/O=a', 'admin', ['a']],
    ['/CN=jane/O=a/O=a', 'jane', ['a', 'a']],
    ['/CN=jane/OU=b/emailAddress=admin@example.com', 'jane', []],
    ['/CN=Jörg, the 1st/O=ops\\/night, by', 'Jörg, the 1st', ['ops/night, by']],
  ] as const)('takes %s for %s in %j', async (subject, username, groups) => {
    expect(await issue(subject)).toEqual({
      username,
      groups: [...groups, 'system:authenticated'],
      headers: [],
    })
  })

  it('knows a user with a certificate for anything', async () => {
    expect(await issue('/CN=jane', { extensions: 'basicConstraints = CA:FALSE' })).toMatchObject({
      username: 'jane',
    })
  })
})
