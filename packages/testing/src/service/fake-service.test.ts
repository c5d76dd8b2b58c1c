import { describe, expect, test, vi } from 'vitest'
import { fakeService, fetchFrom } from './fake-service.ts'

const URL_OF_SERVICE = 'https://service.example.com/api'
const service = (url = URL_OF_SERVICE) =>
  fakeService(url, (request, path) => new Response(`${request.method} ${path}`))

/** Whether a promise has settled once all pending promise jobs ran. */
async function isPending(work: Promise<unknown>): Promise<boolean> {
  const pending = Symbol('pending')
  const turn = new Promise((resolve) => void setTimeout(resolve, 0, pending))
  return (await Promise.race([work.catch(() => undefined), turn])) === pending
}

/** The code of an error of `fetch`, as in Node. */
async function codeOf(work: Promise<unknown>): Promise<unknown> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(TypeError)
  return ((error as Error).cause as { code: unknown }).code
}

describe('the fetch of a service', () => {
  test.each([
    ['a text', URL_OF_SERVICE],
    ['a URL', new URL(URL_OF_SERVICE)],
    ['a request', new Request(URL_OF_SERVICE)],
  ])('takes %s', async (_, input) => {
    expect(await (await service().fetch(input)).text()).toBe('GET /api')
  })

  test('hands on how it is called', async () => {
    const { fetch, requests } = service()
    const response = await fetch(`${URL_OF_SERVICE}/x?y=z`, {
      method: 'POST',
      headers: { 'X-Name': 'value' },
    })
    expect(await response.text()).toBe('POST /api/x')
    expect(requests).toMatchObject([{ method: 'POST', path: '/api/x?y=z' }])
    expect(requests[0]?.headers.get('x-name')).toBe('value')
  })

  test.each([
    ['another host', 'https://other.example.com/api'],
    ['a host below it', 'https://a.service.example.com/api'],
    ['another port', 'https://service.example.com:8443/api'],
    ['another scheme', 'http://service.example.com/api'],
  ])('does not know %s', async (_, url) => {
    const { fetch, requests } = service()
    expect(await codeOf(fetch(url))).toBe('ENOTFOUND')
    expect(requests).toEqual([])
  })

  test('rejects what is no URL, and a URL with credentials, as fetch does', async () => {
    const { fetch } = service()
    await expect(fetch('/api')).rejects.toThrow(TypeError)
    await expect(fetch('https://a:b@service.example.com/api')).rejects.toThrow(TypeError)
  })

  test('reaches nothing for a caller who has given up', async () => {
    const { fetch, requests } = service()
    const reason = new Error('enough')
    await expect(fetch(URL_OF_SERVICE, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    expect(requests).toEqual([])
  })

  test('rejects as soon as its caller gives up, whatever the service does', async () => {
    const slow = fakeService(URL_OF_SERVICE, () => new Promise<Response>(() => {}))
    const caller = new AbortController()
    const reason = new Error('enough')
    const answer = slow.fetch(URL_OF_SERVICE, { signal: caller.signal })
    expect(await isPending(answer)).toBe(true)
    caller.abort(reason)
    await expect(answer).rejects.toBe(reason)
  })
})

describe('fetchFrom', () => {
  const fetch = fetchFrom(
    service('https://one.example.com'),
    service('https://two.example.com/a'),
    fakeService('https://two.example.com/a/b', () => new Response('the inner one')),
    fakeService('https://two.example.com/c/', () => new Response('the last one')),
  )

  test.each([
    ['https://one.example.com/x', 'GET /x'],
    ['https://two.example.com/a/x', 'GET /a/x'],
    ['https://two.example.com/c/x', 'the last one'],
    ['https://two.example.com/a/b', 'the inner one'],
    ['https://two.example.com/a/b/x', 'the inner one'],
    ['https://two.example.com/a/bc', 'GET /a/bc'],
  ])('finds the service at %s', async (url, answer) => {
    expect(await (await fetch(url)).text()).toBe(answer)
  })

  test('answers 404 for a path that is no service at a host that is there', async () => {
    expect((await fetch('https://two.example.com/d')).status).toBe(404)
  })

  test('knows no host without services', async () => {
    expect(await codeOf(fetchFrom()('https://one.example.com'))).toBe('ENOTFOUND')
  })
})

describe('a service that is moved', () => {
  test.each([
    ['https://issuer.example.com', 'https://127.0.0.1:8443/ignored', 'https://127.0.0.1:8443'],
    ['https://issuer.example.com/', 'https://127.0.0.1:8443', 'https://127.0.0.1:8443/'],
    ['https://Issuer.example.com:443/A/../b', 'https://localhost', 'https://localhost/A/../b'],
  ])('is at the path of %s, to the letter', (url, origin, expected) => {
    const moved = service(url)
    moved.moveTo(origin)
    expect(moved.url).toBe(expected)
  })

  test('is no more where it was', async () => {
    const moved = service()
    moved.moveTo('https://127.0.0.1:8443')
    expect(await codeOf(moved.fetch(URL_OF_SERVICE))).toBe('ENOTFOUND')
    expect((await moved.fetch('https://127.0.0.1:8443/api')).status).toBe(200)
  })
})

describe('an outage', () => {
  test('loses connections by default, and ends', async () => {
    const { fetch, requests, stop, start } = service()
    stop()
    expect(await codeOf(fetch(URL_OF_SERVICE))).toBe('ECONNRESET')
    start()
    expect((await fetch(URL_OF_SERVICE)).status).toBe(200)
    expect(requests).toHaveLength(2)
  })

  test('may answer a status and headers to everything', async () => {
    const { fetch, stop } = service()
    stop({ status: 503, headers: { 'retry-after': '7' } })
    const response = await fetch(URL_OF_SERVICE)
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toBe('7')
    expect(await response.text()).toBe('')
  })

  test('may leave callers without an answer until it is over', async () => {
    const { fetch, stop, start } = service()
    stop('hang')
    const answers = [fetch(URL_OF_SERVICE), fetch(URL_OF_SERVICE)]
    expect(await isPending(Promise.any(answers))).toBe(true)
    start()
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200])
  })

  test('does to those who hang what the next one does', async () => {
    const { fetch, stop } = service()
    stop('hang')
    const answer = fetch(URL_OF_SERVICE)
    stop('hang')
    expect(await isPending(answer)).toBe(true)
    stop({ status: 429 })
    expect((await answer).status).toBe(429)
  })

  test('goes on to nothing for those who gave up', async () => {
    const answer = vi.fn(() => new Response('too late'))
    const { fetch, stop, start } = fakeService(URL_OF_SERVICE, answer)
    const caller = new AbortController()
    stop('hang')
    const hanging = fetch(URL_OF_SERVICE, { signal: caller.signal })
    caller.abort(new Error('enough'))
    await expect(hanging).rejects.toThrow('enough')
    start()
    await isPending(hanging)
    expect(answer).not.toHaveBeenCalled()
  })
})
