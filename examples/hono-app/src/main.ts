import { randomUUID } from 'node:crypto'
import { serve } from '@hono/node-server'
import { createApp } from './app.ts'

const token = randomUUID()
const { ISSUER: url = '', AUDIENCE: audience = '' } = process.env
const app = createApp({
  tokensCsv: `${token},jane,1001,"developers,app1"\n`,
  ...(url !== '' && { issuer: { url, audience } }),
})

const server = serve(
  { fetch: app.fetch, port: Number(process.env['PORT'] ?? 3000), hostname: 'localhost' },
  ({ port }) => {
    console.log(`curl --silent --header 'Authorization: Bearer ${token}' http://localhost:${port}/`)
    console.log('#=> Hello jane, you are in developers, app1, system:authenticated')
  },
)
// Otherwise Node drops headers beyond 1,000, and such a request would be refused.
if ('maxHeadersCount' in server) server.maxHeadersCount = 0
