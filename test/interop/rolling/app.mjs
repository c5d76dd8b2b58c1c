// An app that shuts down by `lifecycle`: SIGTERM ends it. usage: node app.mjs PORT CERT KEY DELAY
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { lifecycle } from '@kube-authn/node'

const [port, cert, key, delay] = process.argv.slice(2)
const server = createServer({ cert: readFileSync(cert), key: readFileSync(key) })
const life = lifecycle(server, { shutdownDelaySeconds: Number(delay) })
const download = Buffer.alloc(16_000_000, 'x')
server.on('request', (request, response) => {
  switch (request.url) {
    case '/readyz':
      response.writeHead(life.isReady ? 200 : 503).end()
      break
    case '/download':
      response.end(download)
      break
    case '/events': {
      const end = () => response.end()
      response.write('data: hello\n\n')
      life.closing.addEventListener('abort', end)
      response.once('close', () => life.closing.removeEventListener('abort', end))
      break
    }
    default:
      response.end('ok')
  }
})
server.listen(Number(port), '127.0.0.1', () => console.log('ready'))
process.once('SIGTERM', () => void life.close())
