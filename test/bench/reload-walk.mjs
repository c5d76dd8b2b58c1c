// The functions of ours that a reload of an AuthenticationConfiguration runs, from the change of the file to the new authenticator in use:
// node reload-walk.mjs json | yaml. One object in JSON.
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { authenticationConfigurationAt } from '@kube-authn/node'
import { writeCalledDuring } from './lib/called.mjs'

const [, , form] = process.argv
/** The first reloads load what is loaded on first use. */
const RELOADS_BEFORE = 3

// In a thread of its own, so that the functions of the issuer do not count.
const [{ url, caPem }] = await once(new Worker(new URL('workers/issuer.mjs', import.meta.url)), 'message')
const folder = mkdtempSync(join(tmpdir(), 'reload-walk-'))
const path = join(folder, 'authentication.yaml')
writeFileSync(path, configurationFor('app'))
let onReload = () => {}
const users = authenticationConfigurationAt(path, {
  settleSeconds: 0.01,
  observer(event) {
    if (event.type === 'reload') onReload(event)
  },
})
for (let version = 0; version < RELOADS_BEFORE; version++) await reloadFor(`app-${version}`)
await writeCalledDuring(() => reloadFor('last'))
users.close()
rmSync(folder, { recursive: true })
process.exit(0)

/** @throws {Error} unless the new version takes effect. */
function reloadFor(audience) {
  return new Promise((resolve, reject) => {
    onReload = ({ outcome, error }) => {
      // What follows the event belongs to the reload too.
      if (outcome === 'loaded') setImmediate(resolve)
      else reject(error)
    }
    writeFileSync(path, configurationFor(audience))
  })
}

function configurationFor(audience) {
  if (form === 'json') {
    return JSON.stringify({
      apiVersion: 'apiserver.config.k8s.io/v1',
      kind: 'AuthenticationConfiguration',
      jwt: [
        {
          issuer: { url, audiences: [audience], certificateAuthority: caPem },
          claimMappings: { username: { claim: 'sub', prefix: '' } },
        },
      ],
    })
  }
  return [
    'apiVersion: apiserver.config.k8s.io/v1',
    'kind: AuthenticationConfiguration',
    'jwt:',
    '- issuer:',
    `    url: ${url}`,
    '    certificateAuthority: |',
    ...caPem
      .trimEnd()
      .split('\n')
      .map((line) => `      ${line}`),
    `    audiences: [${audience}]`,
    '  claimMappings:',
    '    username:',
    '      claim: sub',
    "      prefix: ''",
    '',
  ].join('\n')
}
