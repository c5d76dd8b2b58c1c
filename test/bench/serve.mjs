// Serves one subject of a row over HTTP: node serve.mjs ROW SUBJECT. Prints the address and the credential as one line of JSON.
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { rows } from './rows/index.mjs'

const [, , rowName, subjectName] = process.argv
const made = await rows.find(({ name }) => name === rowName).subjects[subjectName].make()
// A subject may be another program, which listens already.
if (made.url === undefined) serve(made)
else process.stdout.write(`${JSON.stringify(made)}\n`)

// That program ends with this process.
process.once('SIGTERM', () => process.exit())

function serve({ listener, authorization, path = '/', tls }) {
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener)
  server.listen(0, '127.0.0.1', () => {
    const scheme = tls === undefined ? 'http' : 'https'
    const url = `${scheme}://127.0.0.1:${server.address().port}${path}`
    process.stdout.write(`${JSON.stringify({ url, authorization })}\n`)
  })
}
