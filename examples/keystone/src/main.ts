import { createServer } from 'node:https'
import { fileURLToPath } from 'node:url'
import { createAuthenticator, createFetch, type KeystoneOptions, tlsServerOptions } from '@kube-authn/node'
import { ensureFree, listen, type Material, printRecipes } from '@kube-authn-example/material'
import { createApp } from './app.ts'
import { prepareCloud } from './cloud.ts'
import { KeystoneProblem, startKeystone } from './keystone.ts'
import { prepareFiles } from './material.ts'
import { recipes } from './recipes.ts'

const folder = process.env['MATERIAL'] ?? fileURLToPath(new URL('../.material', import.meta.url))
const material = await prepareFiles(folder)
const { KEYSTONE_URL: yours, KEYSTONE_CA: yourCa } = process.env

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit())
if (yours === undefined) await runWithOurs(Number(process.env['KEYSTONE_PORT'] ?? 5000))
else
  await serve(
    { url: yours, ...(yourCa !== undefined && { caFile: yourCa }), acceptXAuthToken: true },
    material,
  )

/** Runs the app with its own Keystone, whose users are jane and joe. */
async function runWithOurs(port: number): Promise<void> {
  const url = `https://127.0.0.1:${port}`
  await ensureFree({ port, host: '127.0.0.1', setting: 'KEYSTONE_PORT' })
  try {
    const keystone = await startKeystone(material, port)
    keystone.once('exit', () => {
      console.error('Keystone has exited.')
      process.exit(1)
    })
  } catch (error) {
    if (!(error instanceof KeystoneProblem)) throw error
    console.error(error.message)
    process.exit(1)
  }
  const fetch = createFetch({ caFile: material.path('ca.crt') })
  const cloud = await prepareCloud(url, fetch, material)
  fetch.close()
  const app = await serve(
    {
      url,
      caFile: material.path('ca.crt'),
      // The project of logins with a password, and the only project accepted in tokens.
      scope: { project: { id: cloud.project } },
      projects: [cloud.project],
      roleMappings: [{ role: 'member', groups: ['shoppers'] }],
      acceptXAuthToken: true,
    },
    material,
  )
  console.log('Paste a command; the expected answer is below it.\n')
  printRecipes(recipes(material, cloud, app, url))
  console.log('Ctrl+C stops both.')
}

/** Runs the app, and returns its origin. */
async function serve(keystone: KeystoneOptions, { read }: Pick<Material, 'read'>): Promise<string> {
  const authenticator = createAuthenticator({ keystone })
  const credential = { cert: read('server.crt'), key: read('server.key') }
  const handle = createApp(authenticator).callback()
  const server = createServer(
    tlsServerOptions(credential),
    (request, response) => void handle(request, response),
  )
  // Otherwise Node drops headers beyond 1,000, and such a request would be refused.
  server.maxHeadersCount = 0
  const port = await listen(server, { port: Number(process.env['PORT'] ?? 8443), host: '127.0.0.1' })
  const origin = `https://localhost:${port}`
  console.log(`\nThe app is ${origin}/whoami, and Keystone ${keystone.url}.`)
  return origin
}
