import { writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Observer } from '@kube-authn/core'
import { serviceAccountToken } from '@kube-authn/core/service-account'
import { tlsServerOptions, tokenFileAt } from '@kube-authn/node'
import type { Express } from 'express'
import { listen, printRecipes } from '@kube-authn-example/material'
import { createApp } from './app.ts'
import { createCluster } from './cluster.ts'
import type { ApiService } from './front-proxy.ts'
import { kubeconfig } from './kubeconfig.ts'
import { prepareFiles, SERVICE_NAME } from './material.ts'
import { GROUP, VERSION } from './products.ts'
import { recipes } from './recipes.ts'
import { keepToken, shopAccounts } from './service-accounts.ts'

const port = Number(process.env['PORT'] ?? 8443)
const folder = resolve(process.env['MATERIAL'] ?? fileURLToPath(new URL('../.material', import.meta.url)))
const material = await prepareFiles(folder)

/** Runs one of the two servers, and returns its port. */
async function serve(app: Express, name: 'cluster' | 'catalog', at: number): Promise<number> {
  const credential = { cert: material.read(`${name}.crt`), key: material.read(`${name}.key`) }
  const server = createServer(tlsServerOptions(credential), app)
  // Otherwise Node drops headers beyond 1,000, and such a request would be refused.
  server.maxHeadersCount = 0
  return listen(server, { port: at })
}

const accounts = await shopAccounts()
const apiServices: ApiService[] = []
const clusterPort = await serve(
  createCluster({
    material,
    tokens: [tokenFileAt(material.path('tokens.csv')), serviceAccountToken(accounts)],
    apiServices,
  }),
  'cluster',
  port,
)
const cluster = `https://localhost:${clusterPort}`

/** Writes a kubeconfig for this cluster. Returns its path. */
function writeKubeconfig(name: string, tokenPath: string): string {
  const path = material.path(`${name}.kubeconfig`)
  writeFileSync(path, kubeconfig({ server: cluster, caPath: material.path('ca.crt'), tokenPath }), {
    mode: 0o600,
  })
  return path
}

/** Logs each user, and the authenticator. */
const observer: Observer = (event) => {
  if (event.type === 'reload') console.log(`${event.source}: ${event.outcome} ${event.error?.message ?? ''}`)
  if (event.type !== 'consulted' || event.outcome !== 'authenticated') return
  if (!['requestHeader', 'clientCertificate', 'webhook'].includes(event.authenticator)) return
  console.log(`the app authenticated ${event.user?.username} by ${event.authenticator}`)
}

const tokenPath = material.path('catalog.token')
await keepToken(accounts, tokenPath)
const app = await createApp({ kubeconfig: writeKubeconfig('catalog', tokenPath), observer })
const appPort = await serve(app, 'catalog', port === 0 ? 0 : port + 1)

// Like `kubectl apply` of an APIService.
apiServices.push({
  group: GROUP,
  version: VERSION,
  serverName: SERVICE_NAME,
  port: appPort,
  caBundle: material.read('catalog-ca.crt'),
})

console.log(`\nThe cluster is ${cluster}, and the app behind it https://localhost:${appPort}.`)
console.log('Paste a command; the expected answer is below it.\n')
const surroundings = {
  material,
  cluster,
  app: `https://localhost:${appPort}`,
  cartsToken: await accounts.token('shop', 'cart'),
  janesKubeconfig: writeKubeconfig('jane', material.path('jane.token')),
}
printRecipes(recipes(surroundings))
console.log('Ctrl+C stops both.')
