// Sends a request with exactly the given headers: a list repeats a header.
import { request } from 'node:http'
import { connect } from 'node:net'
import { PATIENCE_MS } from '../lib/patience.mjs'

/** The compared parts of a response. */
export function ask(origin, { method = 'GET', path, headers = {} }) {
  return new Promise((resolve, reject) => {
    const sent = request(origin + path, { method, headers, agent: false }, (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (text) => (body += text))
      response.on('error', reject)
      response.on('end', () =>
        resolve({
          status: response.statusCode,
          challenge: response.headers['www-authenticate'] ?? '',
          body,
        }),
      )
    })
    sent.setTimeout(PATIENCE_MS, () => sent.destroy(new Error('no answer')))
    sent.on('error', reject).end()
  })
}

/** Sends a request, and disconnects before the response. */
export function askAndLeave(origin, { path, headers }) {
  const { hostname, port } = new URL(origin)
  const lines = Object.entries({ host: hostname, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`)
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => {
      socket.write(`GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`, () => socket.destroy())
    })
    socket.on('close', resolve).on('error', reject)
  })
}
