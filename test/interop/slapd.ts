import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import type { IssuedCredential } from '@kube-authn/testing'
import { COMPONENTS } from './components.ts'
import type { Listening } from './https-app.ts'
import { freePort, listens } from './ports.ts'
import type { Scratch } from './scratch.ts'

/** Starts slapd with these entries, over TLS only. Its root is `cn=my-app,dc=example,dc=com`. */
export async function startSlapd(
  scratch: Scratch,
  { chainPem, privateKeyPem }: IssuedCredential,
  rootPassword: string,
  ldif: string,
): Promise<Listening> {
  mkdirSync(scratch.path('slapd/data'), { recursive: true })
  const file = (name: string, content: string): string => scratch.write(`slapd/${name}`, content)
  const configuration = file(
    'slapd.conf',
    `include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
TLSCertificateFile ${file('server.crt', chainPem)}
TLSCertificateKeyFile ${file('server.key', privateKeyPem)}
database mdb
suffix "dc=example,dc=com"
rootdn "cn=my-app,dc=example,dc=com"
rootpw ${rootPassword}
directory ${scratch.path('slapd/data')}
`,
  )
  execFileSync(COMPONENTS.slapadd.command, ['-f', configuration, '-l', file('seed.ldif', ldif)], {
    stdio: 'pipe',
  })
  const port = await freePort()
  const child = spawn(
    COMPONENTS.slapd.command,
    ['-f', configuration, '-h', `ldaps://127.0.0.1:${port}`, '-d', '0'],
    { stdio: 'ignore' },
  )
  const kill = (): void => void child.kill('SIGKILL')
  process.once('exit', kill)
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const close = async (): Promise<void> => {
    kill()
    await ended
    process.off('exit', kill)
  }
  await listens(port, ended)
  return { port, close }
}
