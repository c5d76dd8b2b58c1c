import { createServer as createHttp2Server, connect } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { receivedBy } from '../../test/raw-server.ts'
import { requestStates } from './request-states.ts'

interface State {
  readonly user: string
}

const states = requestStates<State>('test/request-states@1')
const jane: State = { user: 'jane' }

async function overHttp1(): Promise<object> {
  const message = await receivedBy(() => undefined, 'GET / HTTP/1.1', 'Host: localhost', '')
  if (message === undefined) throw new Error('it was refused')
  return message
}

async function overHttp2(): Promise<object> {
  const server = createHttp2Server()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const message = new Promise<object>((resolve) => server.once('request', (request) => resolve(request)))
  const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  onTestFinished(() => {
    session.destroy()
    server.close()
  })
  session.request({ ':path': '/' }).on('error', () => undefined)
  return message
}

describe.each([
  ['a request of HTTP/1', overHttp1],
  ['a request of HTTP/2', overHttp2],
  ['a mock request', async () => ({ rawHeaders: [], headers: {} })],
  ['a mock request with frozen headers', async () => ({ rawHeaders: Object.freeze([]), headers: {} })],
  ['a context', async () => ({ env: {} })],
  ['a request without raw headers', async () => ({ rawHeaders: undefined, _readableState: {} })],
])('the state of %s', (_, make) => {
  it('is the one that was set, and no other request has it', async () => {
    const [one, other] = [await make(), await make()]
    expect(states.of(one)).toBeUndefined()
    states.keep(one, jane)
    expect(states.of(one)).toBe(jane)
    expect(states.of(other)).toBeUndefined()
  })

  it('is not in a copy', async () => {
    const request = await make()
    states.keep(request, jane)
    expect(states.of({ ...request })).toBeUndefined()
    expect(states.of(Object.assign({}, request))).toBeUndefined()
    expect(states.of(Object.create({}, Object.getOwnPropertyDescriptors(request)) as object)).toBeUndefined()
    const received = await make()
    const property = Symbol.for('@kube-authn/test/request-states@1')
    expect(Reflect.ownKeys(request)).toEqual([...Reflect.ownKeys(received), property])
    // Nothing that lists or copies the properties of a request finds it.
    expect(Reflect.ownKeys({ ...request })).toEqual(Reflect.ownKeys({ ...received }))
  })

  it('is that of objects that inherit from it', async () => {
    const request = await make()
    const derived = Object.create(Object.create(request) as object) as object
    expect(states.of(derived)).toBeUndefined()
    states.keep(request, jane)
    expect(states.of(derived)).toBe(jane)
  })

  it('is its own, also if it inherits from another one', async () => {
    const [request, other] = [await make(), await make()]
    states.keep(request, jane)
    expect(states.of(Object.setPrototypeOf(other, request) as object)).toBeUndefined()
  })
})

describe('the states of a name', () => {
  it('are shared by all copies of an adapter, and by no other name', () => {
    const request = { rawHeaders: [] }
    states.keep(request, jane)
    expect(requestStates('test/request-states@1').of(request)).toBe(jane)
    expect(requestStates('test/request-states@2').of(request)).toBeUndefined()
  })

  it('cannot be assigned, also not that of another request', () => {
    const key = Symbol.for('@kube-authn/test/request-states@1')
    const [request, other] = [{ rawHeaders: [] }, { rawHeaders: [] }]
    states.keep(request, jane)
    expect(Reflect.set(request, key, undefined)).toBe(false)
    Reflect.set(other, key, Reflect.get(request, key))
    expect(states.of(other)).toBeUndefined()
  })
})

describe('states', () => {
  it('are those of one request each, even if several share an array of headers', () => {
    const rawHeaders: string[] = []
    const [one, other, third] = [{ rawHeaders }, { rawHeaders }, { rawHeaders }]
    const bob: State = { user: 'bob' }
    states.keep(one, jane)
    states.keep(other, bob)
    expect([one, other, third].map((request) => states.of(request))).toEqual([jane, bob, undefined])
  })

  it('stay if headers are removed', () => {
    const request = { rawHeaders: ['Authorization', 'Bearer t', 'Accept', '*/*'] }
    states.keep(request, jane)
    request.rawHeaders.splice(0, 2)
    request.rawHeaders.pop()
    expect(states.of(request)).toBe(jane)
  })

  it('are not those of another request that inherits from it', () => {
    const request = { rawHeaders: [] }
    states.keep(request, jane)
    const other = Object.assign(Object.create(request) as object, { rawHeaders: request.rawHeaders })
    expect(states.of(other)).toBeUndefined()
    expect(states.of(new Proxy(request, {}))).toBeUndefined()
  })
})
