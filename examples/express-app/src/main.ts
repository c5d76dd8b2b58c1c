import { createServer } from 'node:https'
import { fileURLToPath } from 'node:url'
import { createAuthenticator, createFetch, rbacAt, tlsServerOptions } from '@kube-authn/node'
import { auditFile } from '@kube-authn/node/audit'
import { listen, printRecipes } from '@kube-authn-example/material'
import { createApp } from './app.ts'
import { issueTokens } from './issued-tokens.ts'
import { prepareFiles } from './material.ts'
import { fetchIdToken } from './id-token.ts'
import { startOidcProvider } from './oidc-provider.ts'
import { people } from './people.ts'
import { CLIENT_ID, recipes } from './recipes.ts'

const port = Number(process.env['PORT'] ?? 8443)
const folder = process.env['MATERIAL'] ?? fileURLToPath(new URL('../.material', import.meta.url))
const material = await prepareFiles(folder)

const auditPath = material.path('audit.jsonl')
const audit = auditFile(auditPath)
const { observer } = audit

const { marysPassword, clientSecret } = material.secrets
const { issuer } = await startOidcProvider({
  port: port === 0 ? 0 : port + 1,
  certificate: material.read('issuer.crt'),
  privateKey: material.read('issuer.key'),
  clientId: CLIENT_ID,
  clientSecret,
  users: new Map([['mary', { password: marysPassword, claims: { groups: ['accounting', 'app2'] } }]]),
})

const issued = await issueTokens(material)
const authenticator = createAuthenticator({
  requestHeader: {
    caFile: material.path('proxy-ca.crt'),
    allowedNames: ['proxy'],
    usernameHeaders: ['X-Remote-User'],
    groupHeaders: ['X-Remote-Group'],
  },
  clientCAFile: material.path('client-ca.crt'),
  tokenFile: material.path('tokens.csv'),
  passwordFile: material.path('passwords.csv'),
  ...issued.options,
  oidc: {
    issuer,
    audience: CLIENT_ID,
    caFile: material.path('issuer-ca.crt'),
    usernamePrefix: '',
    groupsClaim: 'groups',
    groupsPrefix: 'oidc:',
  },
  anonymous: { enabled: true, conditions: [{ path: '/' }, { path: '/healthz' }] },
  observer,
  // Refused requests, reloads and notices.
  log: console,
})
const policy = rbacAt(fileURLToPath(new URL('../rbac', import.meta.url)), { observer })
const fetch = createFetch({ ca: material.read('issuer-ca.crt') })
const prepared = people(material, issued, () =>
  fetchIdToken(fetch, { issuer, clientSecret, username: 'mary', password: marysPassword }),
)
const app = createApp({ authenticator, policy, observer, prepared })

const credential = { cert: material.read('server.crt'), key: material.read('server.key') }
const server = createServer(tlsServerOptions(credential), app)
// Otherwise Node drops headers beyond 1,000, and such a request would be refused.
server.maxHeadersCount = 0
const serviceAccountToken = await issued.serviceAccountToken()
const origin = `https://localhost:${await listen(server, { port })}`
console.log(`\nPaste a command; the expected answer is below it. A browser shows more at ${origin}/\n`)
const { bootstrapToken } = issued
printRecipes(recipes({ material, origin, issuer, issued: { serviceAccountToken, bootstrapToken } }))
console.log(`The audit log is ${auditPath}`)
console.log(`Changes of ${material.path('tokens.csv')} take effect a moment later. Ctrl+C stops the app.`)
