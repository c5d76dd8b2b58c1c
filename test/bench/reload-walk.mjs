// The functions of ours that a reload of an AuthenticationConfiguration runs, from the change of the file to the new authenticator in use. One
// object in JSON.
//
// usage: node reload-walk.mjs json | yaml [ca], `ca` for an issuer with a `certificateAuthority`
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { writeCalledDuring } from './lib/called.mjs'

const [, , form, ca] = process.argv
const { ISSUER_URL: url, NODE_EXTRA_CA_CERTS: caFile } = process.env
/** The first reloads load what is loaded on first use. */
const RELOADS_BEFORE = 3

if (url === undefined) await runBesideIssuer()
else await walk()

/** The functions of the issuer do not count, so it is in this process, and the walk is in another one. */
async function runBesideIssuer() {
  const { createIssuer, createPki } = await import('@kube-authn/testing')
  const { listen } = await import('@kube-authn/testing/node')
  const pki = await createPki()
  const issuer = await createIssuer()
  const listening = await listen(issuer, { pki })
  await inFolder(async (folder) => {
    const path = join(folder, 'ca.crt')
    writeFileSync(path, pki.caPem)
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [fileURLToPath(import.meta.url), ...process.argv.slice(2)],
      { env: { ...process.env, ISSUER_URL: issuer.url, NODE_EXTRA_CA_CERTS: path } },
    )
    process.stdout.write(stdout)
  })
  await listening.close()
}

async function walk() {
  const { authenticationConfigurationAt } = await import('@kube-authn/node')
  // Neither a watched file nor its timers keep a process alive.
  const alive = setInterval(() => {}, 60_000)
  await inFolder(async (folder) => {
    const path = join(folder, 'authentication.yaml')
    writeFileSync(path, configurationFor('app'))
    let onReload = () => {}
    const users = authenticationConfigurationAt(path, {
      settleSeconds: 0.01,
      observer(event) {
        if (event.type === 'reload') onReload(event)
      },
    })
    /** @throws {Error} unless the new version takes effect. */
    const reloadFor = (audience) =>
      new Promise((resolve, reject) => {
        onReload = ({ outcome, error }) => {
          // What follows the event belongs to the reload too.
          if (outcome === 'loaded') setImmediate(resolve)
          else reject(error)
        }
        writeFileSync(path, configurationFor(audience))
      })
    for (let version = 0; version < RELOADS_BEFORE; version++) await reloadFor(`app-${version}`)
    await writeCalledDuring(() => reloadFor('last'))
    users.close()
  })
  clearInterval(alive)
}

async function inFolder(work) {
  const folder = mkdtempSync(join(tmpdir(), 'reload-walk-'))
  try {
    await work(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function configurationFor(audience) {
  const certificateAuthority = ca === undefined ? '' : readFileSync(caFile, 'utf8')
  if (form === 'json') {
    return JSON.stringify({
      apiVersion: 'apiserver.config.k8s.io/v1',
      kind: 'AuthenticationConfiguration',
      jwt: [
        {
          issuer: { url, audiences: [audience], certificateAuthority },
          claimMappings: { username: { claim: 'sub', prefix: '' } },
        },
      ],
    })
  }
  const lines = certificateAuthority.trimEnd().split('\n')
  return [
    'apiVersion: apiserver.config.k8s.io/v1',
    'kind: AuthenticationConfiguration',
    'jwt:',
    '- issuer:',
    `    url: ${url}`,
    '    audiences:',
    `    - ${audience}`,
    ...(ca === undefined ? [] : ['    certificateAuthority: |', ...lines.map((line) => `      ${line}`)]),
    '  claimMappings:',
    '    username:',
    '      claim: sub',
    '      prefix: ""',
    '',
  ].join('\n')
}
