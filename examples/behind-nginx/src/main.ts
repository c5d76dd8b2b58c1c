import { createServer } from 'node:https'
import { fileURLToPath } from 'node:url'
import { createAuthenticator, tlsServerOptions } from '@kube-authn/node'
import { ensureFree, listen, printRecipes } from '@kube-authn-example/material'
import { createApp } from './app.ts'
import { FRONT_PROXY, prepareFiles } from './material.ts'
import { NginxProblem, startNginx } from './nginx.ts'
import { recipes } from './recipes.ts'

const folder = process.env['MATERIAL'] ?? fileURLToPath(new URL('../.material', import.meta.url))
const material = await prepareFiles(folder)

const authenticator = createAuthenticator({
  requestHeader: {
    caFile: material.path('front-proxy-ca.crt'),
    allowedNames: [FRONT_PROXY],
    usernameHeaders: ['X-Remote-User'],
    groupHeaders: ['X-Remote-Group'],
    extraHeaderPrefixes: ['X-Remote-Extra-'],
  },
  // For clients that reach the app without nginx.
  tokenFile: material.path('tokens.csv'),
})

// Requests certificates and resumes no TLS session, so that each connection presents its own certificate.
const server = createServer(
  tlsServerOptions({ cert: material.read('server.crt'), key: material.read('server.key') }),
  createApp(authenticator),
)
// Otherwise Node drops headers beyond 1,000, and such a request would be refused.
server.maxHeadersCount = 0
const appPort = await listen(server, {
  port: Number(process.env['APP_PORT'] ?? 9443),
  host: '127.0.0.1',
  setting: 'APP_PORT',
})
const port = Number(process.env['PORT'] ?? 8443)
await ensureFree({ port })
const modules = process.env['NGINX_MODULES']

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit())
try {
  const nginx = await startNginx({ folder, port, appPort, ...(modules !== undefined && { modules }) })
  nginx.once('exit', () => process.exit(1))
} catch (error) {
  if (!(error instanceof NginxProblem)) throw error
  console.error(error.message)
  process.exit(1)
}

const origins = { nginx: `https://localhost:${port}`, app: `https://localhost:${appPort}` }
console.log(`\nnginx is ${origins.nginx}, the app behind it ${origins.app}.`)
console.log('Paste a command; the expected answer is below it.\n')
printRecipes(recipes(material, origins))
console.log(`nginx's configuration is ${folder}/nginx.conf. Ctrl+C stops both.`)
