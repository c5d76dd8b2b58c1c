import { once } from 'node:events'
import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { seeAs } from './see-as.ts'

let server: Server

beforeAll(async () => {
  server = createServer((req, res) =>
    seeAs(req, res, () => {
      const pairs = req.rawHeaders.flatMap((name, index) =>
        index % 2 === 0 && /^(?:impersonate|x-see)/i.test(name) ? [[name, req.rawHeaders[index + 1]]] : [],
      )
      res.end(
        JSON.stringify({ pairs, joined: req.headers['impersonate-group'], own: req.headers['x-see-as'] }),
      )
    }),
  )
  await once(server.listen(0, '127.0.0.1'), 'listening')
})
afterAll(() => void server.close())

async function ask(headers: Record<string, string | string[]>): Promise<{ status: number; body: string }> {
  const { port } = server.address() as AddressInfo
  return new Promise((resolve, reject) => {
    request({ port, headers, agent: false }, (response) => {
      let body = ''
      response.on('data', (data) => (body += String(data)))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }))
    })
      .on('error', reject)
      .end()
  })
}
const valueOf = (user: unknown): string => encodeURIComponent(JSON.stringify(user))

it('sends each group of the user in a line of its own', async () => {
  const { body } = await ask({ 'X-See-As': valueOf({ username: 'zoë', groups: ['a, b', 'c'] }) })
  expect(JSON.parse(body)).toEqual({
    pairs: [
      ['Impersonate-User', Buffer.from('zoë').toString('latin1')],
      ['Impersonate-Group', 'a, b'],
      ['Impersonate-Group', 'c'],
    ],
    joined: 'a, b, c',
  })
})

it('leaves other requests as they are', async () => {
  expect(JSON.parse((await ask({})).body)).toEqual({ pairs: [] })
})

it.each([
  ['nothing', ''],
  ['no JSON', 'jane'],
  ['a broken escape', '%E0%A4%A'],
  ['no name', valueOf({ username: '', groups: [] })],
  ['no groups', valueOf({ username: 'jane' })],
  ['a further member', valueOf({ username: 'jane', groups: [], uid: '1' })],
  ['a group without a name', valueOf({ username: 'jane', groups: [''] })],
  ['a line break', valueOf({ username: 'jane\r\nImpersonate-Group: system:masters', groups: [] })],
  ['a space that a header loses', valueOf({ username: ' jane', groups: [] })],
])('refuses a value that is no user: %s', async (_, value) => {
  expect(await ask({ 'X-See-As': value })).toEqual({ status: 400, body: 'X-See-As is not a user.\n' })
})

it('refuses two of them', async () => {
  const value = valueOf({ username: 'jane', groups: [] })
  expect((await ask({ 'X-See-As': [value, value] })).status).toBe(400)
})
