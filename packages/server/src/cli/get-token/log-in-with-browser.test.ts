import { request } from 'node:http'
import { expect, it } from 'vitest'
import { loopbackServer } from './log-in-with-browser.ts'

it.each(['//', 'http://[', '//:x/callback'])('survives a request for %s', async (path) => {
  const server = await loopbackServer(0, () => 'https://issuer.example.com/')
  const { hostname, port, host } = new URL(server.address)
  try {
    const status = await new Promise((resolve, reject) => {
      request({ hostname, port, path, headers: { host } }, (response) => {
        response.resume()
        resolve(response.statusCode)
      })
        .on('error', reject)
        .end()
    })
    expect(status).toBe(404)
  } finally {
    server.close()
  }
})
