// Serves the suite on Node, Deno and Bun, each with its own server.
//
// usage: node hosts/process.mjs FACTS     (also: deno run -A, bun); prints the port
import '../portable/guard.mjs'
import { makeApp } from '../portable/app.mjs'

const app = makeApp(JSON.parse(process.argv[2] ?? '{}'))
const hostname = '127.0.0.1'

if ('Bun' in globalThis) {
  const { port } = globalThis.Bun.serve({
    hostname,
    port: 0,
    // No limit for a response.
    idleTimeout: 0,
    fetch: (request) => app.fetch(request),
  })
  console.log(port)
} else if ('Deno' in globalThis) {
  const onListen = ({ port }) => console.log(port)
  globalThis.Deno.serve({ hostname, port: 0, onListen }, (request) => app.fetch(request))
} else {
  const { serve } = await import('@hono/node-server')
  serve({ fetch: app.fetch, hostname, port: 0 }, ({ port }) => console.log(port))
}
