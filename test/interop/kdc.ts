import { execFileSync, spawn } from 'node:child_process'
import { COMPONENTS } from './components.ts'
import { freePort, listens } from './ports.ts'
import type { Scratch } from './scratch.ts'

/** A running realm. */
export interface Kdc {
  /** The environment of Kerberos for this process and for clients. */
  readonly env: Readonly<Record<string, string>>
  /** Creates a credential cache with a ticket for a principal, and returns its name. */
  logIn(principal: string): string
  close(): Promise<void>
}

const REALM = 'TEST.LOCAL'
const PASSWORD = 'correct horse'

/** Starts a KDC for `TEST.LOCAL`, with these users, and with a keytab for these services. */
export async function startKdc(
  scratch: Scratch,
  people: readonly string[],
  services: readonly string[],
): Promise<Kdc> {
  const port = await freePort()
  const path = (name: string): string => scratch.path(`kdc/${name}`)
  // Each brace on a separate line: a single line would be ignored silently.
  scratch.write(
    'kdc/krb5.conf',
    `[libdefaults]
  default_realm = ${REALM}
  rdns = false
  dns_canonicalize_hostname = false
  dns_lookup_kdc = false
[realms]
  ${REALM} = {
    kdc = 127.0.0.1:${port}
  }
[domain_realm]
  localhost = ${REALM}
`,
  )
  scratch.write(
    'kdc/kdc.conf',
    `[kdcdefaults]
  kdc_listen = 127.0.0.1:${port}
  kdc_tcp_listen = 127.0.0.1:${port}
[realms]
  ${REALM} = {
    database_name = ${path('principal')}
    key_stash_file = ${path('stash')}
  }
`,
  )
  const env = {
    KRB5_CONFIG: path('krb5.conf'),
    KRB5_KDC_PROFILE: path('kdc.conf'),
    KRB5_KTNAME: path('http.keytab'),
  }
  const run = (command: string, args: readonly string[], input = ''): void => {
    execFileSync(command, args, { env: { ...process.env, ...env }, input, stdio: ['pipe', 'pipe', 'pipe'] })
  }
  run(COMPONENTS.kdb5Util.command, ['create', '-s', '-P', 'master', '-r', REALM])
  const commands = [
    ...people.map((name) => `addprinc -pw "${PASSWORD}" ${name}`),
    ...services.flatMap((name) => [`addprinc -randkey ${name}`, `ktadd -k ${env.KRB5_KTNAME} ${name}`]),
  ]
  run(COMPONENTS.kadmin.command, ['-r', REALM], `${commands.join('\n')}\n`)

  const child = spawn(COMPONENTS.kdc.command, ['-n'], { env: { ...process.env, ...env }, stdio: 'ignore' })
  const kill = (): void => void child.kill('SIGKILL')
  process.once('exit', kill)
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const close = async (): Promise<void> => {
    kill()
    await ended
    process.off('exit', kill)
  }
  await listens(port, ended)
  return {
    env,
    logIn(principal) {
      const cache = path(`cache-${principal.replaceAll(/\W/g, '-')}`)
      run(COMPONENTS.kinit.command, ['-c', cache, principal], `${PASSWORD}\n`)
      return cache
    },
    close,
  }
}
