import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { userInfo } from '@kube-authn/core'
import { incomingMessageRequest, StatusError } from '@kube-authn/core/adapter'
import { RequestState, requestStates } from '@kube-authn/core/internal'
import { afterEach, describe, expect, it } from 'vitest'
import type { KubernetesApi, KubernetesApiRequest } from '../api/kubernetes-api.ts'
import { type KoaContext, koaHandler, nodeHandler } from './handlers.ts'

const jane = userInfo({ username: 'jane' })
const states = requestStates<RequestState>('chain/state@1')

/** An API that keeps what it is asked. */
function recordingApi(answer: KubernetesApi['answer']): {
  readonly api: KubernetesApi
  readonly asked: KubernetesApiRequest[]
} {
  const asked: KubernetesApiRequest[] = []
  const api: KubernetesApi = Object.assign(() => Promise.reject(new Error('it is no Request')), {
    answer: (each: KubernetesApiRequest) => {
      asked.push(each)
      return answer(each)
    },
  })
  return { api, asked }
}

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

/** The answer of a server with this listener. */
async function answered(
  listener: (req: IncomingMessage, res: ServerResponse) => unknown,
  path = '/api/v1/pods?limit=1',
): Promise<IncomingMessage> {
  const server = createServer((req, res) => void listener(req, res)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  closing.push(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const sent = request({ host: '127.0.0.1', port, path, method: 'POST', agent: false })
  sent.end('{"a":1}')
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  return response
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of response.setEncoding('utf8')) text += String(chunk)
  return text
}

const ok = () => Promise.resolve({ status: 200, headers: { warning: ['299 - "b"'] }, content: 'ok' })

describe('nodeHandler', () => {
  it('passes on the user, the body, and the path before a mount point', async () => {
    const { api, asked } = recordingApi(ok)
    const handle = nodeHandler(api, () => jane)
    const response = await answered((req, res) => {
      Object.assign(req, { originalUrl: req.url })
      req.url = '/v1/pods'
      res.setHeader('Warning', '299 - "a"')
      handle(req, res)
    })
    expect(await textOf(response)).toBe('ok')
    expect(response.headers.warning).toBe('299 - "a", 299 - "b"')
    const [{ request: known, caller, body } = {}] = asked
    expect([known?.path, known?.query, known?.method, caller?.user]).toEqual([
      '/api/v1/pods',
      'limit=1',
      'POST',
      jane,
    ])
    expect(caller?.context).toBeUndefined()
    expect(body).toBeTypeOf('function')
  })

  it('asks about the request that a middleware decided about', async () => {
    const { api, asked } = recordingApi(ok)
    const handle = nodeHandler(api)
    const decided: unknown[] = []
    await answered((req, res) => {
      const state = new RequestState(incomingMessageRequest(req))
      states.keep(req, state)
      decided.push(state.request)
      handle(req, res)
    })
    expect(asked[0]?.request).toBe(decided[0])
    expect(asked[0]?.caller).toBeUndefined()
  })

  it('takes what a body parser read', async () => {
    const { api } = recordingApi(async ({ body }) => {
      const bytes = await body(100)
      return { status: 200, headers: {}, content: new TextDecoder().decode(bytes) }
    })
    const handle = nodeHandler(api)
    const response = await answered(async (req, res) => {
      for await (const _ of req);
      handle(Object.assign(req, { body: { parsed: true } }), res)
    })
    expect(await textOf(response)).toBe('{"parsed":true}')
  })

  it.each([
    [new StatusError({ status: 403, reason: 'Forbidden', message: 'held' }), 403, '"held"'],
    [
      new Error('authentication did not run: secret'),
      500,
      '"Internal error occurred: the request failed unexpectedly"',
    ],
  ])('answers what userOf throws, or leaves it to the framework: %s', async (thrown, status, message) => {
    const { api, asked } = recordingApi(ok)
    const handle = nodeHandler(api, () => {
      throw thrown
    })
    const response = await answered((req, res) => handle(req, res))
    expect(response.statusCode).toBe(status)
    expect(await textOf(response)).toContain(message)
    const nexts: unknown[] = []
    await answered((req, res) =>
      handle(req, res, (error) => {
        nexts.push(error)
        res.end()
      }),
    )
    expect(nexts).toEqual([thrown])
    expect(asked).toEqual([])
  })

  it('flows at the pace of the client, and cancels when it leaves', async () => {
    let pulled = 0
    const cancelled = new Promise((resolve) => {
      const { api, asked } = recordingApi(() =>
        Promise.resolve(
          new Response(
            new ReadableStream({
              pull(controller) {
                pulled++
                controller.enqueue(new Uint8Array(1_048_576))
              },
              cancel: () => resolve(asked[0]?.signal.aborted),
            }),
          ),
        ),
      )
      void answered(nodeHandler(api)).then(async (response) => {
        response.once('readable', () => {})
        // Until the buffers of the connection are full.
        let before = -1
        await expect
          .poll(() => {
            const isStill = pulled > 0 && pulled === before
            before = pulled
            return isStill
          })
          .toBe(true)
        response.destroy()
      })
    })
    expect(await cancelled).toBe(true)
    expect(pulled).toBeLessThan(200)
  })

  it('does not let half an answer look complete', async () => {
    const { api } = recordingApi(() => {
      let count = 0
      const pull = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
        if (count++ > 0) throw new Error('disk on fire')
        controller.enqueue(Uint8Array.of(65))
      }
      return Promise.resolve(new Response(new ReadableStream({ pull })))
    })
    await expect(answered(nodeHandler(api)).then(textOf)).rejects.toThrow('aborted')
  })
})

describe('koaHandler', () => {
  it('takes over the response, and leaves errors to Koa', async () => {
    const { api, asked } = recordingApi(ok)
    const contexts: KoaContext[] = []
    const response = await answered(async (req, res) => {
      const context: KoaContext = { req, res }
      contexts.push(context)
      await koaHandler(api, () => jane)(context)
    })
    expect(await textOf(response)).toBe('ok')
    expect(contexts[0]?.respond).toBe(false)
    expect(asked[0]?.caller?.user).toBe(jane)

    const thrown = new Error('authentication did not run')
    const handle = koaHandler(api, () => {
      throw thrown
    })
    const rejected: unknown[] = []
    await answered((req, res) =>
      handle({ req, res }).catch((error: unknown) => {
        rejected.push(error)
        res.end()
      }),
    )
    expect(rejected).toEqual([thrown])
  })
})

it('refuses arguments that are no functions', () => {
  expect(() => nodeHandler({} as never)).toThrow('api: must be a function')
  expect(() => koaHandler({} as never)).toThrow('api: must be a function')
  expect(() => nodeHandler((() => {}) as never, 'jane' as never)).toThrow('userOf: must be a function')
})
