import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { createFetch, type HttpFetch } from '@kube-authn/node'
import { freePort } from './ports.ts'
import type { Scratch } from './scratch.ts'

const script = fileURLToPath(new URL('../../examples/keystone/keystone.sh', import.meta.url))

/** Options of a run of Keystone. */
export interface KeystoneRun {
  readonly cert: string
  readonly key: string
  /** The lifetime of new tokens. Default: an hour. */
  readonly tokenSeconds?: number
}

/** A Keystone that can be restarted with its data. */
export interface Keystone {
  readonly url: string
  start(run: KeystoneRun): Promise<void>
  stop(): Promise<void>
  /** Pauses and resumes it: it still accepts connections while paused. */
  freeze(): void
  thaw(): void
}

/** A Keystone in a scratch folder, not yet started. */
export async function keystoneIn(scratch: Scratch): Promise<Keystone> {
  const port = await freePort()
  let child: ChildProcess | undefined
  const kill = (): void => void child?.kill('SIGKILL')
  process.once('exit', kill)
  return {
    url: `https://127.0.0.1:${port}`,
    async start({ cert, key, tokenSeconds }) {
      child = spawn('sh', [script, scratch.path('keystone'), String(port), cert, key], {
        env: {
          ...process.env,
          OS_BOOTSTRAP_PASSWORD: ADMINS_PASSWORD,
          ...(tokenSeconds !== undefined && { OS_TOKEN__EXPIRATION: String(tokenSeconds) }),
        },
      })
      await answers(child)
    },
    async stop() {
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
      const exited = once(child, 'exit')
      kill()
      await exited
    },
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
  }
}

const ADMINS_PASSWORD = 'of the administrator'

function answers(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = ''
    const listen = (data: unknown): void => {
      said += String(data)
      if (said.includes('spawned uWSGI worker')) resolve()
    }
    child.stdout?.on('data', listen)
    child.stderr?.on('data', listen)
    child.once('error', reject)
    child.once('exit', () => reject(new Error(`Keystone does not run: ${said}`)))
  })
}

/** A credential of Identity v3, as in a login. */
export type Login = Readonly<Record<string, unknown>>

/** Calls of an administrator, and of users without the app. */
export interface Cloud {
  /** A call as the administrator, or as the user of the token. */
  call(method: string, path: string, body?: object, token?: string): Promise<unknown>
  /** Creates an object and returns its id. */
  create(kind: string, attributes: object): Promise<string>
  /** A token for a password login. */
  login(user: object, scope?: object | 'unscoped'): Promise<string>
  /** A token for a login by another method. */
  loginBy(identity: Login, scope?: object | 'unscoped'): Promise<string>
  readonly close: () => void
}

/** Logs the administrator in. */
export async function cloudOf(url: string, ca: string): Promise<Cloud> {
  const fetch: HttpFetch = createFetch({ caFile: ca })
  const ask = async (method: string, path: string, body?: object, token?: string): Promise<Response> => {
    const response = await fetch(`${url}/v3${path}`, {
      method,
      headers: {
        'content-type': 'application/json',
        ...(token !== undefined && { 'x-auth-token': token, 'x-subject-token': token }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
    return response
  }
  const loginBy: Cloud['loginBy'] = async (identity, scope) => {
    const response = await ask('POST', '/auth/tokens', {
      auth: { identity, ...(scope !== undefined && { scope }) },
    })
    return response.headers.get('x-subject-token') ?? ''
  }
  const login: Cloud['login'] = (user, scope) => loginBy({ methods: ['password'], password: { user } }, scope)
  const domain = { id: 'default' }
  const admin = await login(
    { name: 'admin', domain, password: ADMINS_PASSWORD },
    { project: { name: 'admin', domain } },
  )
  const call: Cloud['call'] = async (method, path, body, token = admin) => {
    const text = await (await ask(method, path, body, token)).text()
    return text === '' ? undefined : (JSON.parse(text) as unknown)
  }
  return {
    call,
    async create(kind, attributes) {
      const made = (await call('POST', `/${kind}s`, { [kind]: attributes })) as Record<string, { id: string }>
      return made[kind]?.id ?? ''
    },
    login,
    loginBy,
    close: fetch.close,
  }
}
