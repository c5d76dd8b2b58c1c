import { readFileSync } from 'node:fs'
import { createAuthenticator, type NodeAuthenticator } from '@kube-authn/node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { has } from './components.ts'
import { curl, type CurlAnswer } from './curl.ts'
import { documented } from './documented.ts'
import { httpsApp, type Listening } from './https-app.ts'
import { makeScratch, type Scratch } from './scratch.ts'

const MASTER_IP = '127.0.0.1'

describe.runIf(has('easyRsa', 'openssl', 'curl')).each([
  { keys: 'RSA', vars: {} },
  { keys: 'EC', vars: { EASYRSA_ALGO: 'ec', EASYRSA_CURVE: 'prime256v1' } },
])('easy-rsa as the page has it, with $keys keys', ({ vars }) => {
  let scratch: Scratch
  let authenticator: NodeAuthenticator
  let app: Listening
  const env = { MASTER_IP, ...vars }
  const pki = (name: string): string => scratch.path(`easy-rsa/${name}`)

  beforeAll(async () => {
    scratch = makeScratch()
    const script = documented('With easy-rsa', 'sh')
    await scratch.shell(script, env)
    await scratch.shell(script, env, 'stranger')
    authenticator = createAuthenticator({ clientCAFile: pki('pki/ca.crt') })
    app = await httpsApp(
      { cert: readFileSync(pki('pki/issued/server.crt')), key: readFileSync(pki('pki/private/server.key')) },
      authenticator,
    )
  })
  afterAll(async () => {
    await app.close()
    authenticator.close()
    scratch.remove()
  })

  const ask = (...args: readonly string[]): Promise<CurlAnswer> =>
    curl('--cacert', pki('pki/ca.crt'), ...args, `https://${MASTER_IP}:${app.port}/`)

  const askWith = (cert: string, key: string): Promise<CurlAnswer> =>
    ask('--cert', scratch.path(cert), '--key', scratch.path(key))

  const easyRsa = (args: string, more = {}): Promise<string> =>
    scratch.shell(`./easyrsa --batch ${args}`, { ...env, ...more }, 'easy-rsa')

  it('makes jbeda in app1 and app2 from a request of openssl', async () => {
    expect(await askWith('easy-rsa/pki/issued/jbeda.crt', 'easy-rsa/jbeda.pem')).toEqual({
      username: 'jbeda',
      groups: ['app1', 'app2', 'system:authenticated'],
      headers: [],
    })
  })

  it('makes jane in the one group that easy-rsa knows to ask for', async () => {
    expect(await askWith('easy-rsa/pki/issued/jane.crt', 'easy-rsa/pki/private/jane.key')).toEqual({
      username: 'jane',
      groups: ['app1', 'system:authenticated'],
      headers: [],
    })
  })

  it('makes jim in no group with build-client-full alone', async () => {
    await easyRsa('build-client-full jim nopass')
    expect(await askWith('easy-rsa/pki/issued/jim.crt', 'easy-rsa/pki/private/jim.key')).toMatchObject({
      username: 'jim',
      groups: ['system:authenticated'],
    })
  })

  it('makes joe in no group with gen-req and sign-req', async () => {
    await easyRsa('--req-cn=joe gen-req joe nopass')
    await easyRsa('sign-req client joe')
    expect(await askWith('easy-rsa/pki/issued/joe.crt', 'easy-rsa/pki/private/joe.key')).toMatchObject({
      username: 'joe',
      groups: ['system:authenticated'],
    })
  })

  it('refuses a client without a certificate', async () => {
    expect(await ask()).toBe(401)
  })

  it.each(['jbeda', 'jane'])('refuses %s of another authority', async (name) => {
    const key = name === 'jbeda' ? 'jbeda.pem' : `pki/private/${name}.key`
    expect(await askWith(`stranger/easy-rsa/pki/issued/${name}.crt`, `stranger/easy-rsa/${key}`)).toBe(401)
  })

  it.each([
    { what: 'the certificate of the server', name: 'server', args: '' },
    {
      what: 'a certificate for servers only',
      name: 'web',
      args: '--subject-alt-name=DNS:web build-server-full web nopass',
    },
    {
      what: 'an expired one',
      name: 'late',
      args: '--startdate=20240101000000Z --enddate=20240201000000Z build-client-full late nopass',
    },
    {
      what: 'one that is not valid yet',
      name: 'early',
      args: '--startdate=20990101000000Z --enddate=20990201000000Z build-client-full early nopass',
    },
  ])('refuses $what', async ({ name, args }) => {
    if (args !== '') await easyRsa(args)
    expect(await askWith(`easy-rsa/pki/issued/${name}.crt`, `easy-rsa/pki/private/${name}.key`)).toBe(401)
  })

  it('refuses what another user signed', async () => {
    await scratch.shell(
      `openssl req -new -newkey rsa:2048 -nodes -keyout forged.key -out forged.csr -subj /CN=admin/O=app1
       openssl x509 -req -in forged.csr -CA pki/issued/jane.crt -CAkey pki/private/jane.key -days 1 -out forged.crt
       cat pki/issued/jane.crt >> forged.crt`,
      env,
      'easy-rsa',
    )
    expect(await askWith('easy-rsa/forged.crt', 'easy-rsa/forged.key')).toBe(401)
  })
})
