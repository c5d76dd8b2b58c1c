import { randomUUID } from 'node:crypto'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cannotListen } from '@kube-authn-example/material'
import { createApp } from './app.ts'

const token = randomUUID()
const tokenFile = join(mkdtempSync(join(tmpdir(), 'fastify-app-')), 'tokens.csv')
writeFileSync(tokenFile, `${token},jane,1001,"developers,app1"\n`, { mode: 0o600 })

const app = await createApp(tokenFile)
// Otherwise Node drops headers beyond 1,000, and such a request would be refused.
app.server.maxHeadersCount = 0
const port = Number(process.env['PORT'] ?? 3000)
const url = await app
  .listen({ port, host: '127.0.0.1' })
  .catch((error: unknown) => cannotListen(error, 'PORT'))
console.log(`curl --silent --header 'Authorization: Bearer ${token}' ${url}/`)
console.log('#=> Hello jane, you are in developers, app1, system:authenticated')
