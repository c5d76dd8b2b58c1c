import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { openBrowser, type Page, type Visit } from './browser.ts'
import { COMPONENTS } from './components.ts'
import {
  authorizationRequest,
  CLIENT_SECRET,
  clientFor,
  type IdentityProvider,
  type IdentityProviderOptions,
  idTokenFor,
  newSigningKeys,
  people,
  REDIRECT_URI,
  type SigningJwk,
} from './identity-provider.ts'
import { freePort, listens } from './ports.ts'
import { makeScratch } from './scratch.ts'

/** The tables, and an administrator. */
const [SCHEMA, DEFAULTS] = COMPONENTS.glewlwyd.needs
const ADMINISTRATOR = { username: 'admin', password: 'password' }

/** Debian's glewlwyd, a separate process. Its first start adds the users and clients; it stores them. */
export async function glewlwyd({ pki }: IdentityProviderOptions): Promise<IdentityProvider> {
  const { chainPem, privateKeyPem } = await pki.issueServer({ hosts: ['127.0.0.1'] })
  const port = await freePort()
  const origin = `https://127.0.0.1:${port}`
  const issuer = `${origin}/api/oidc`
  const scratch = makeScratch()
  scratch.write('server.crt', chainPem)
  scratch.write('server.key', privateKeyPem)
  const configuration = scratch.write('glewlwyd.conf', configurationIn(scratch.folder, port))
  const administrator = openBrowser(pki.caPem)
  let keys = await newSigningKeys()
  let child: ChildProcess | undefined
  let isSetUp = false

  const administrate = async (path: string, visit?: Visit): Promise<Page> => {
    const page = await administrator.visit(`${origin}/api/${path}`, visit)
    if (page.status !== 200) throw new Error(`glewlwyd refuses ${path}: ${page.status} ${page.body}`)
    return page
  }
  const pluginWithKeys = (): Visit => ({ json: pluginOf(issuer, keys) })

  const setUp = async (): Promise<void> => {
    await administrate('auth', { json: ADMINISTRATOR })
    // Members outside the user and client formats are not stored.
    await extend('user', { groups: { multiple: true }, team: { multiple: false } })
    await extend('client', { sign_kid: { multiple: false } })
    await administrate('mod/reload/', { method: 'PUT' })
    await administrate('mod/plugin/', pluginWithKeys())
    for (const person of Object.values(people)) {
      const scope = ['openid', 'g_profile']
      await administrate('user', { json: { ...person, username: person.name, enabled: true, scope } })
    }
    for (const client of clientsFor(keys)) await administrate('client', { json: client })
  }

  const extend = async (
    kind: 'client' | 'user',
    properties: Readonly<Record<string, object>>,
  ): Promise<void> => {
    const path = `mod/${kind}/database`
    const { body } = await administrate(path)
    const settings = JSON.parse(body) as { parameters: { 'data-format': Record<string, object> } }
    for (const [name, property] of Object.entries(properties)) {
      settings.parameters['data-format'][name] = {
        ...property,
        read: true,
        write: true,
        'profile-read': true,
      }
    }
    await administrate(path, { method: 'PUT', json: settings })
  }

  const start = async (): Promise<void> => {
    if (child !== undefined) return
    if (!isSetUp)
      await scratch.shell(
        `{ echo 'PRAGMA journal_mode=WAL; BEGIN;'; cat ${SCHEMA}; echo 'COMMIT;'; } | sqlite3 db`,
      )
    // It ends with this process in any case.
    const command = [COMPONENTS.glewlwyd.command, `--config-file=${configuration}`]
    child = spawn(COMPONENTS.setpriv.command, ['--pdeathsig', 'KILL', ...command], { stdio: 'ignore' })
    await listens(port, once(child, 'exit'))
    if (!isSetUp) await setUp()
    isSetUp = true
  }
  const stop = async (): Promise<void> => {
    if (child === undefined) return
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
    child = undefined
  }

  return {
    issuer,
    start,
    stop,
    async rotate({ withdrawOthers = false } = {}) {
      keys = [...(await newSigningKeys()), ...(withdrawOthers ? [] : keys)]
      await administrate('mod/plugin/oidc', { method: 'PUT', ...pluginWithKeys() })
      await administrate('mod/plugin/oidc/reset', { method: 'PUT' })
      for (const client of clientsFor(keys)) {
        await administrate(`client/${client.client_id}`, { method: 'PUT', json: client })
      }
    },
    async logIn({ name, password }, algorithm) {
      const browser = openBrowser(pki.caPem)
      try {
        // As the script of its login page does.
        await browser.visit(`${origin}/api/auth`, { json: { username: name, password } })
        const client = clientFor[algorithm]
        const scope = 'openid'
        await browser.visit(`${origin}/api/auth/grant/${client}`, { method: 'PUT', json: { scope } })
        const query = new URLSearchParams({ ...authorizationRequest(algorithm, scope), g_continue: '' })
        const { location = REDIRECT_URI } = await browser.visit(`${issuer}/auth?${String(query)}`)
        return await idTokenFor({ location, algorithm, endpoint: `${issuer}/token` }, browser)
      } finally {
        browser.close()
      }
    },
    async close() {
      await stop()
      administrator.close()
      scratch.remove()
    },
  }
}

/** Debian's configuration with changes. */
function configurationIn(folder: string, port: number): string {
  const different = {
    port,
    bind_address: '127.0.0.1',
    external_url: `https://127.0.0.1:${port}/`,
    log_mode: 'console',
    use_secure_connection: true,
    secure_connection_key_file: `${folder}/server.key`,
    secure_connection_pem_file: `${folder}/server.crt`,
  }
  const names = [...Object.keys(different), 'secure_connection_ca_file', '@include'].join('|')
  const kept = readFileSync(DEFAULTS, 'utf8').replaceAll(new RegExp(`^(?:${names})\\b.*$`, 'gm'), '')
  const settings = Object.entries(different).map(([name, value]) => `${name} = ${JSON.stringify(value)}`)
  return [kept, ...settings, `database = { type = "sqlite3"; path = "${folder}/db" }`].join('\n')
}

function pluginOf(issuer: string, keys: readonly SigningJwk[]): object {
  const claim = (name: string): object => ({
    name,
    'user-property': name,
    type: 'string',
    mandatory: true,
    scope: [],
  })
  return {
    module: 'oidc',
    name: 'oidc',
    display_name: 'OpenID Connect',
    enabled: true,
    parameters: {
      iss: issuer,
      'jwks-private': JSON.stringify({ keys }),
      'jwks-show': true,
      'client-sign_kid-parameter': 'sign_kid',
      'access-token-duration': 600,
      'refresh-token-duration': 600,
      'code-duration': 60,
      'auth-type-code-enabled': true,
      'email-claim': 'mandatory',
      claims: [claim('groups'), claim('team')],
    },
  }
}

/** The clients, each with the newest key of its algorithm. */
function clientsFor(keys: readonly SigningJwk[]): readonly { readonly client_id: string }[] {
  return (['RS256', 'ES256'] as const).map((algorithm) => ({
    client_id: clientFor[algorithm],
    client_secret: CLIENT_SECRET,
    name: algorithm,
    enabled: true,
    confidential: true,
    redirect_uri: [REDIRECT_URI],
    authorization_type: ['code'],
    token_endpoint_auth_method: ['client_secret_basic'],
    scope: ['openid'],
    sign_kid: keys.find(({ alg }) => alg === algorithm)?.kid,
  }))
}
