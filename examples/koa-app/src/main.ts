import { randomUUID } from 'node:crypto'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { listen } from '@kube-authn-example/material'
import { createApp } from './app.ts'

const token = randomUUID()
const tokenFile = join(mkdtempSync(join(tmpdir(), 'koa-app-')), 'tokens.csv')
writeFileSync(tokenFile, `${token},jane,1001,"developers,app1"\n`, { mode: 0o600 })

const handle = createApp(tokenFile).callback()
const server = createServer((request, response) => void handle(request, response))
// Otherwise Node drops headers beyond 1,000, and such a request would be refused.
server.maxHeadersCount = 0
const port = await listen(server, { port: Number(process.env['PORT'] ?? 3000) })
console.log(`curl --silent --header 'Authorization: Bearer ${token}' http://localhost:${port}/`)
console.log('#=> Hello jane, you are in developers, app1, system:authenticated')
