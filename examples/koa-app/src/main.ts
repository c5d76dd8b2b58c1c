import { randomUUID } from 'node:crypto'
import { mkdtempSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createApp } from './app.ts'

const token = randomUUID()
const tokenFile = join(mkdtempSync(join(tmpdir(), 'koa-app-')), 'tokens.csv')
writeFileSync(tokenFile, `${token},jane,1001,"developers,app1"\n`, { mode: 0o600 })

const server = createApp(tokenFile).listen(Number(process.env['PORT'] ?? 3000), 'localhost', () => {
  const { port } = server.address() as AddressInfo
  console.log(`curl --silent --header 'Authorization: Bearer ${token}' http://localhost:${port}/`)
  console.log('#=> Hello jane, you are in developers, app1, system:authenticated')
})
// Otherwise Node drops headers beyond 1,000, and such a request would be refused.
server.maxHeadersCount = 0
