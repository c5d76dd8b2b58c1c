import { randomUUID } from 'node:crypto'
import { createAdaptorServer } from '@hono/node-server'
import { listen } from '@kube-authn-example/material'
import { createApp } from './app.ts'

const token = randomUUID()
const { ISSUER: url = '', AUDIENCE: audience = '' } = process.env
const app = createApp({
  tokensCsv: `${token},jane,1001,"developers,app1"\n`,
  ...(url !== '' && { issuer: { url, audience } }),
})

const server = createAdaptorServer({ fetch: app.fetch })
// Otherwise Node drops headers beyond 1,000, and such a request would be refused.
if ('maxHeadersCount' in server) server.maxHeadersCount = 0
const port = await listen(server, { port: Number(process.env['PORT'] ?? 3000) })
console.log(`curl --silent --header 'Authorization: Bearer ${token}' http://localhost:${port}/`)
console.log('#=> Hello jane, you are in developers, app1, system:authenticated')
