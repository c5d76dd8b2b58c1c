import { randomUUID } from 'node:crypto'
import { argv, env, exit } from 'node:process'
import { ensureFree, printRecipes } from '@kube-authn-example/material'
import { createIssuer, createPki } from '@kube-authn/testing'
import { listen } from '@kube-authn/testing/node'
import { recipes } from './recipes.ts'
import { type Runtime, serveOn } from './serve.ts'

const [, , asked = 'workerd'] = argv
const runtimes: readonly Runtime[] = ['workerd', 'deno', 'bun']
const runtime = runtimes.find((each) => each === asked)
if (runtime === undefined) {
  console.error(`usage: npm start [${runtimes.join(' | ')}]`)
  exit(1)
}
const port = Number(env['PORT'] ?? 8787)
// What another program answers there would be taken for the app.
for (const each of [port, port + 1]) await ensureFree({ port: each, host: '127.0.0.1' })
// Exiting also stops the runtime.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => exit())

// Stand-ins for an OpenID Connect provider, and for a cluster that publishes the keys of its service accounts.
const pki = await createPki()
const provider = await createIssuer({ signingAlgorithms: ['RS256'] })
const cluster = await createIssuer({ signingAlgorithms: ['ES256'] })
const { url: providerUrl } = await listen(provider, { pki })
const { url: clusterUrl } = await listen(cluster, { pki })

const audience = 'hono-edge'
const [janesToken, clarksToken] = [randomUUID(), randomUUID()]
const app = await serveOn({
  runtime,
  settings: {
    TOKENS_CSV: `${janesToken},jane,1001,"developers,app1"\n${clarksToken},clark,1002\n`,
    OIDC_ISSUER: providerUrl,
    SERVICE_ACCOUNT_ISSUER: clusterUrl,
    AUDIENCE: audience,
  },
  caPem: pki.caPem,
  port,
  edgePort: port + 1,
})
const marysToken = await provider.sign({ sub: 'mary', aud: audience, groups: ['operators'] })
const cartsToken = await cluster.sign({ sub: 'system:serviceaccount:shop:cart', aud: audience })
console.log(`\nThe app runs on ${runtime}. Paste a command; the expected answer is below it.\n`)
const { origin, edgeOrigin } = app
const surroundings = { origin, edgeOrigin, janesToken, clarksToken, marysToken, cartsToken }
printRecipes(recipes(surroundings))
console.log('The tokens are valid for an hour. Ctrl+C stops the app.')
await app.ended
