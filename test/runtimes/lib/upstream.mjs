import { Buffer } from 'node:buffer'
import { once } from 'node:events'
import { createServer } from 'node:https'

/**
 * A server for tested clients that returns the common name of their certificate, and the request. At `/review` it responds to TokenReviews, of which
 * `good` is jane's; at `/moved` with a redirect; at `/endless` with an endless body; at `/silent` never.
 */
export async function startUpstream({ cert, key, ca }) {
  const options = { cert, key, ca, requestCert: true, rejectUnauthorized: false }
  const server = createServer(options, (req, res) => {
    const { pathname } = new URL(req.url, 'https://localhost')
    if (pathname === '/silent') return
    if (pathname === '/endless') {
      const write = () => {
        while (res.write(Buffer.alloc(65_536)));
      }
      res.on('drain', write)
      write()
      return
    }
    if (pathname === '/moved') {
      res.writeHead(302, { location: '/' }).end()
      return
    }
    let body = ''
    req.on('data', (part) => (body += part))
    req.on('end', () => {
      const json = pathname === '/review' ? reviewOf(JSON.parse(body)) : seenIn(req, body)
      res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(json))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: server.address().port,
    stop() {
      server.closeAllConnections()
      server.close()
    },
  }
}

function seenIn(req, body) {
  const { authorization = '' } = req.headers
  // Bun's servers only report that a certificate is valid.
  const client = req.socket.getPeerCertificate?.()?.subject?.CN ?? (req.socket.authorized ? 'somebody' : '')
  return { client, authorization, method: req.method, body }
}

function reviewOf({ apiVersion, kind, spec: { token } }) {
  const status =
    token === 'good' ? { authenticated: true, user: { username: 'jane' } } : { authenticated: false }
  return { apiVersion, kind, status }
}
