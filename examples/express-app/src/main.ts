import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { Observer } from '@kube-authn/core'
import { auditFile, createAuthenticator, rbacAt, tlsServerOptions } from '@kube-authn/node'
import { createApp } from './app.ts'
import { issueTokens } from './issued-tokens.ts'
import { prepareMaterial } from './material.ts'
import { startOidcProvider } from './oidc-provider.ts'
import { CLIENT_ID, recipes } from './recipes.ts'

const port = Number(process.env['PORT'] ?? 8443)
const folder = process.env['MATERIAL'] ?? fileURLToPath(new URL('../.material', import.meta.url))
const material = await prepareMaterial(folder)

const audit = auditFile(material.auditPath)
const observer: Observer = (event) => {
  audit.observer(event)
  if (event.type === 'reload') console.log(`${event.source}: ${event.outcome} ${event.error?.message ?? ''}`)
  if (event.type === 'fileNotice') console.log(`${event.file}: ${event.notice.message}`)
}

const { marysPassword, clientSecret } = material.secrets
const { issuer } = await startOidcProvider({
  port: port === 0 ? 0 : port + 1,
  certificate: material.issuer.certificate,
  privateKey: material.issuer.privateKey,
  clientId: CLIENT_ID,
  clientSecret,
  users: new Map([['mary', { password: marysPassword, claims: { groups: ['accounting', 'app2'] } }]]),
})

const issued = await issueTokens(material)
const authenticator = createAuthenticator({
  clientCAFile: material.clientCAPath,
  tokenFile: material.tokenFilePath,
  passwordFile: material.passwordFilePath,
  ...issued.options,
  oidc: {
    issuer,
    audience: CLIENT_ID,
    caFile: material.issuer.caPath,
    usernamePrefix: '',
    groupsClaim: 'groups',
  },
  anonymous: { enabled: true, conditions: [{ path: '/' }, { path: '/healthz' }] },
  observer,
})
const policy = rbacAt(fileURLToPath(new URL('../rbac', import.meta.url)), { observer })
const app = createApp({ authenticator, policy, observer })

const server = createServer(tlsServerOptions({ cert: material.certificate, key: material.privateKey }), app)
// Otherwise Node drops headers beyond 1,000, and such a request would be refused.
server.maxHeadersCount = 0
server.listen(port, 'localhost', () => {
  const origin = `https://localhost:${(server.address() as AddressInfo).port}`
  console.log(`\nPaste a command; the expected answer is below it. A browser shows more at ${origin}/\n`)
  for (const { title, command, answer } of recipes({ material, origin, issuer, issued })) {
    console.log(`# ${title}\n${command}\n#=> ${answer}\n`)
  }
  console.log(`The audit log is ${material.auditPath}`)
  console.log(`Changes of ${material.tokenFilePath} take effect a moment later. Ctrl+C stops the app.`)
})
