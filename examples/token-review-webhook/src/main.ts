import { writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { fileURLToPath } from 'node:url'
import type { Observer } from '@kube-authn/core'
import { createAuthenticator, tlsServerOptions, tokenFileAt } from '@kube-authn/node'
import { listen, printRecipes } from '@kube-authn-example/material'
import { createApp, WEBHOOK_PATH } from './app.ts'
import { webhookKubeconfig } from './kubeconfig.ts'
import { prepareFiles } from './material.ts'
import { recipes } from './recipes.ts'

const folder = process.env['MATERIAL'] ?? fileURLToPath(new URL('../.material', import.meta.url))
const material = await prepareFiles(folder)

/** Logs the result of each review with the user, and never the token. */
const observer: Observer = (event) => {
  if (event.type === 'reload') console.log(`${event.source}: ${event.outcome}`)
  if (event.type !== 'consulted' || event.authenticator !== 'tokenFile') return
  console.log(`review: ${event.outcome} ${event.user?.username ?? event.error?.message ?? ''}`.trimEnd())
}

const app = createApp({
  tokens: [tokenFileAt(material.path('tokens.csv'), { observer })],
  callers: createAuthenticator({ clientCAFile: material.path('callers-ca.crt') }),
  observer,
})

const credential = { cert: material.read('server.crt'), key: material.read('server.key') }
const server = createServer(tlsServerOptions(credential), app)
// Otherwise Node drops headers beyond 1,000, and such a request would be refused.
server.maxHeadersCount = 0
const port = await listen(server, { port: Number(process.env['PORT'] ?? 8443) })
const url = `https://localhost:${port}${WEBHOOK_PATH}`
const kubeconfigPath = material.path('webhook.kubeconfig')
const kubeconfig = webhookKubeconfig({
  url,
  caPath: material.path('ca.crt'),
  certificatePath: material.path('kube-apiserver.crt'),
  keyPath: material.path('kube-apiserver.key'),
})
writeFileSync(kubeconfigPath, kubeconfig, { mode: 0o600 })

console.log(`\nFlags for a kube-apiserver:\n`)
console.log(`  --authentication-token-webhook-config-file=${kubeconfigPath}`)
console.log(`  --authentication-token-webhook-version=v1\n`)
console.log(`The kubeconfig:\n\n${kubeconfig}`)
console.log('Paste a command to ask in its place; the expected answer is below it.\n')
printRecipes(recipes(material, url))
console.log(`Changes of ${material.path('tokens.csv')} take effect a moment later. Ctrl+C stops the webhook.`)
