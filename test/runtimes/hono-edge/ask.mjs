// One request, with its headers as they are given: a list sends a header several times.
import { request } from 'node:http'
import { connect } from 'node:net'

/** What an answer is compared by. */
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
    sent.setTimeout(30_000, () => sent.destroy(new Error('no answer within half a minute')))
    sent.on('error', reject).end()
  })
}

/** Sends a request, and is gone before the answer. */
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
