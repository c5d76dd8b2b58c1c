import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const folder = fileURLToPath(new URL('.', import.meta.url))

/** What a process prints that gets three requests: without a credential, a preflight, and with one that cannot be checked. */
async function printedBy(mode: string | undefined, options: string, before = ''): Promise<string> {
  const program = `
    ${before}
    import { authenticatorChain, unavailable } from '@kube-authn/core'
    import { authorizeRequest } from '@kube-authn/core/adapter'
    import { alwaysDeny } from '@kube-authn/core/authorization'
    import { authentication } from '@kube-authn/hono'
    import { Hono } from 'hono'
    const down = { name: 'down', authenticateToken() { throw unavailable('no answer') } }
    const app = new Hono().use(authentication(authenticatorChain({ tokens: [down] }), ${options}))
    const ask = async (init) => (await app.request('http://app/', init)).status
    console.log(
      await ask({}),
      await ask({ method: 'OPTIONS', headers: { 'access-control-request-method': 'GET' } }),
      await ask({ headers: { authorization: 'Bearer x' } }),
    )`
  const { NODE_ENV: _, ...others } = process.env
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '--eval', program],
    { cwd: folder, env: { ...others, ...(mode !== undefined && { NODE_ENV: mode }) } },
  )
  return `${stdout}${stderr.replaceAll(/\(node:\d+\) |\(Use `node --trace-warnings.*\n/g, '')}`
}

const STATUS = '401 401 401\n'
const NONE = 'kube-authn: 401 GET /: no credential was sent. Send "Authorization: Bearer TOKEN".\n'
const PREFLIGHT =
  'kube-authn: 401 OPTIONS /: a CORS preflight, with which browsers send no credential. To allow other origins, put the CORS middleware ' +
  'before authentication(...).\n'
const OUTAGE =
  'kube-authn: 401 GET /: bearer token (not a JWT) could not be checked by down: no answer. The credential may be valid: fix the cause, and ' +
  'send it again.\n'
const WARNING =
  '[KUBE_AUTHN_PREFLIGHT] KubeAuthnWarning: authentication(...) answered a CORS preflight with 401, since browsers send no credentials with ' +
  'it: to allow other origins, put the CORS middleware before authentication(...)\n'

const UNLOGGED =
  '[KUBE_AUTHN_UNLOGGED] KubeAuthnWarning: a request was refused, and in production that is not logged: pass { log: console }, or another ' +
  'logger, to find out why; { log: false } leaves this notice out\n'

it.each<[what: string, mode: string | undefined, options: string, printed: string]>([
  ['everything in development', 'development', '{}', `${STATUS}${NONE}${PREFLIGHT}${OUTAGE}`],
  ['everything without a mode', undefined, '{}', `${STATUS}${NONE}${PREFLIGHT}${OUTAGE}`],
  [
    'outages, and what is said once, in production',
    'production',
    '{}',
    `${STATUS}${UNLOGGED}${WARNING}${OUTAGE}`,
  ],
  ['what is said once in a test', 'test', '{}', `${STATUS}${WARNING}`],
  ['nothing if it is off', 'development', '{ log: false }', STATUS],
  [
    'everything to a logger, also in production',
    'production',
    '{ log: console }',
    `${STATUS}${NONE}${PREFLIGHT}${OUTAGE}`,
  ],
])('the log has %s', async (_, mode, options, printed) => {
  const lines = (text: string): readonly string[] => text.split('\n').toSorted()
  expect(lines(await printedBy(mode, options))).toEqual(lines(printed))
})

it('a runtime without process is production', async () => {
  const printed = await printedBy(undefined, '{}', 'delete globalThis.process;')
  expect(printed).toContain(OUTAGE)
  expect(printed).not.toContain('GET /: no credential')
})
