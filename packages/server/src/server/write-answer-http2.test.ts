import { once } from 'node:events'
import {
  connect,
  constants,
  createServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type IncomingHttpHeaders,
} from 'node:http2'
import type { AddressInfo } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { writeAnswer } from './write-answer.ts'

type Answering = (request: Http2ServerRequest, response: Http2ServerResponse) => void

/** A stream of a request to a server that answers like this. */
async function asked(answering: Answering): Promise<ReturnType<ReturnType<typeof connect>['request']>> {
  const server = createServer(answering)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  onTestFinished(() => {
    session.destroy()
    server.close()
  })
  const stream = session.request({ ':path': '/' })
  stream.on('error', () => {})
  return stream
}

const closed = (stream: Awaited<ReturnType<typeof asked>>): Promise<void> =>
  new Promise((resolve) => stream.once('close', resolve))

it('over HTTP/2, a stream that fails ends with an error, not like a whole answer', async () => {
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new TextEncoder().encode('{"items":[')),
    pull: (controller) => controller.error(new Error('the store failed')),
  })
  const stream = await asked((_, response) => void writeAnswer(new Response(body), response, false))
  let text = ''
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  await closed(stream)
  expect(['', '{"items":[']).toContain(text)
  expect(stream.rstCode).toBe(constants.NGHTTP2_INTERNAL_ERROR)
})

it('over HTTP/2, a client that is gone is not waited for, and its stream is cancelled', async () => {
  const cancelled: string[] = []
  const bodyOf = (name: string): ReadableStream<Uint8Array> =>
    new ReadableStream({ cancel: () => void cancelled.push(name) })
  let leave = (): void => {}
  const answers = new Promise<void>((resolve, reject) => {
    void asked((_, response) => {
      response.once('close', () => {
        Promise.all([
          writeAnswer(new Response(bodyOf('stream')), response, false),
          writeAnswer({ status: 200, headers: {}, content: 'x'.repeat(1e6) }, response, false),
        ]).then(() => resolve(), reject)
      })
      leave()
    }).then((stream) => {
      leave = () => stream.close(constants.NGHTTP2_CANCEL)
    }, reject)
  })
  await answers
  expect(cancelled).toEqual(['stream'])
})

it('over HTTP/2, a long answer arrives whole at a client that reads slowly', async () => {
  const content = JSON.stringify('ü'.repeat(1_000_000))
  const stream = await asked(
    (_, response) =>
      void writeAnswer(
        { status: 200, headers: { 'content-type': 'application/json' }, content },
        response,
        false,
      ),
  )
  const [headers] = (await once(stream, 'response')) as [IncomingHttpHeaders]
  let text = ''
  for await (const chunk of stream.setEncoding('utf8')) text += String(chunk)
  expect(text).toBe(content)
  expect(headers['content-length']).toBe(String(Buffer.byteLength(content)))
})
