import { randomBytes } from 'node:crypto'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { listen } from '@kube-authn-example/material'
import { createApp } from './app.ts'

const key = randomBytes(24).toString('base64url')
const token = randomBytes(24).toString('base64url')
const tokenFile = join(mkdtempSync(join(tmpdir(), 'api-key-')), 'tokens.csv')
writeFileSync(tokenFile, `${token},jane,1001,developers\n`, { mode: 0o600 })

const server = createServer(createApp(`${key} reports machines\n`, tokenFile))
// Node drops headers after the first 1,000, and such a request would be refused.
server.maxHeadersCount = 0
const port = await listen(server, { port: Number(process.env['PORT'] ?? 3000) })
const url = `http://localhost:${port}/`
console.log(`curl --silent --header 'X-API-Key: ${key}' ${url}`)
console.log('#=> Hello reports, you are in machines, system:authenticated')
console.log(`curl --silent --header 'Authorization: Bearer ${token}' ${url}`)
console.log('#=> Hello jane, you are in developers, system:authenticated')
