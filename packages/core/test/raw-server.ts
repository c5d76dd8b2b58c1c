import { createServer, type IncomingMessage, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { onTestFinished } from 'vitest'

/**
 * Sends lines to a server of Node's, and gives the request it makes of them; `undefined` where the server answers by itself.
 *
 * @param setUp changes the server before.
 */
export async function receivedBy(
  setUp: (server: Server) => void,
  ...lines: readonly string[]
): Promise<IncomingMessage | undefined> {
  const server = createServer()
  setUp(server)
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const request = new Promise<IncomingMessage>((resolve) => server.once('request', resolve))
  const refused = new Promise<undefined>((resolve) => server.once('clientError', () => resolve(undefined)))
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  socket.on('error', () => undefined)
  socket.write(Buffer.from([...lines, ''].join('\r\n'), 'latin1'))
  onTestFinished(() => void socket.destroy())
  return Promise.race([request, refused])
}
