import { randomBytes } from 'node:crypto'
import { mkdtempSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createApp } from './app.ts'

const key = randomBytes(24).toString('base64url')
const token = randomBytes(24).toString('base64url')
const tokenFile = join(mkdtempSync(join(tmpdir(), 'api-key-')), 'tokens.csv')
writeFileSync(tokenFile, `${token},jane,1001,developers\n`, { mode: 0o600 })

const server = createApp(`${key} reports machines\n`, tokenFile).listen(
  Number(process.env['PORT'] ?? 3000),
  'localhost',
  () => {
    const { port } = server.address() as AddressInfo
    const url = `http://localhost:${port}/`
    console.log(`curl --silent --header 'X-API-Key: ${key}' ${url}`)
    console.log('#=> Hello reports, you are in machines, system:authenticated')
    console.log(`curl --silent --header 'Authorization: Bearer ${token}' ${url}`)
    console.log('#=> Hello jane, you are in developers, system:authenticated')
  },
)
// Node drops headers after the first 1,000, and such a request would be refused.
server.maxHeadersCount = 0
