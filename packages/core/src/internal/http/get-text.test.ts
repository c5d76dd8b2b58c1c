import { describe, expect, it } from 'vitest'
import { fixedClock, settled, thrownBy } from '../../../test/fakes.ts'
import { endless, fakeFetch, never } from '../../../test/issuer.ts'
import { getText, type GetTextOptions } from './get-text.ts'

const KEYS = 'https://issuer.example.com/keys'

function ask(answer: Response | (() => Response | Promise<Response>), options: Partial<GetTextOptions> = {}) {
  const clock = fixedClock()
  const fetch = fakeFetch({ [KEYS]: answer })
  const result = getText(KEYS, { fetch, clock, timeoutSeconds: 10, maxBytes: 100, ...options })
  result.catch(() => undefined)
  return { clock, fetch, result }
}

describe('a text that is read', () => {
  it('comes with its status and headers', async () => {
    const { result, fetch } = ask(new Response('żółć', { headers: { 'Cache-Control': 'no-store' } }), {
      headers: { accept: 'text/plain' },
    })
    const { status, text, header } = await result
    expect([status, text, header('cache-control'), header('age')]).toEqual([
      200,
      'żółć',
      'no-store',
      undefined,
    ])
    expect(fetch.calls[0]?.init).toMatchObject({
      method: 'GET',
      redirect: 'manual',
      headers: { accept: 'text/plain' },
    })
  })

  it.each([301, 302, 307, 400, 404, 500, 503])('is left unread with status %i', async (status) => {
    const { result, fetch } = ask(
      new Response('secret', { status, headers: { location: 'https://other.example' } }),
    )
    expect(await result).toMatchObject({ status, text: '' })
    expect(fetch.calls).toHaveLength(1)
  })

  it('may have exactly as many bytes as it may, and not one more', async () => {
    expect((await ask(new Response('é'.repeat(50))).result).text).toHaveLength(50)
    await expect(ask(new Response(`${'é'.repeat(50)}.`)).result).rejects.toThrow(/longer than 100 bytes/)
  })

  it('is not waited for where it does not end', async () => {
    const { response, chunks } = endless()
    await expect(ask(response).result).rejects.toThrow(/longer than 100 bytes/)
    expect(chunks()).toBeLessThan(3)
  })

  it.each([
    ['that does not answer', never],
    [
      'whose text stops in the middle',
      () => new Response(new ReadableStream({ start: (c) => c.enqueue(new Uint8Array(1)) })),
    ],
  ])('is given up after its time from a server %s', async (_, answer) => {
    const { clock, result } = ask(answer)
    await settled()
    clock.advance(9_999)
    await settled()
    let isOver = false
    void result.catch(() => (isOver = true))
    await settled()
    expect(isOver).toBe(false)
    clock.advance(1)
    await expect(result).rejects.toThrow('no answer within 10 seconds')
  })

  it('is given up with its caller, also when that was before', async () => {
    const controller = new AbortController()
    const { result, clock, fetch } = ask(never, { signal: controller.signal })
    controller.abort(new Error('gone'))
    await expect(result).rejects.toThrow('the caller gave up')
    expect(fetch.calls[0]?.init.signal.aborted).toBe(true)
    expect(clock.pending).toBe(0)
    await expect(ask(never, { signal: controller.signal }).result).rejects.toThrow('the caller gave up')
  })

  it('leaves no timer behind', async () => {
    const { result, clock } = ask(new Response('x'))
    await result
    expect(clock.pending).toBe(0)
  })

  it.each([
    'http://issuer.example.com',
    'ftp://issuer.example.com',
    'data:,x',
    'file:///etc/passwd',
    '',
    ' https://x',
    'https://',
    'https://secret:bad',
  ])('is not read from %j', async (url) => {
    const fetch = fakeFetch({ [url]: new Response('x') })
    const error = await thrownBy(() =>
      getText(url, { fetch, clock: fixedClock(), timeoutSeconds: 1, maxBytes: 1 }),
    )
    expect(error).toMatchObject({ message: 'only https URLs are read' })
    expect(fetch.calls).toHaveLength(0)
  })

  it.each(['https://user:secret@issuer.example.com', 'https://secret@issuer.example.com'])(
    'is not read from %j, which errors do not repeat',
    async (url) => {
      const fetch = fakeFetch({ [url]: new Response('x') })
      const error = await thrownBy(() =>
        getText(url, { fetch, clock: fixedClock(), timeoutSeconds: 1, maxBytes: 1 }),
      )
      expect(error).toMatchObject({ message: 'a URL must not have credentials in it' })
      expect(fetch.calls).toHaveLength(0)
    },
  )

  it('may be at a URL with a scheme in any letters', async () => {
    const url = 'HTTPS://issuer.example.com'
    const fetch = fakeFetch({ [url]: new Response('x') })
    expect((await getText(url, { fetch, clock: fixedClock(), timeoutSeconds: 1, maxBytes: 1 })).text).toBe(
      'x',
    )
  })

  it('has U+FFFD for invalid UTF-8, as in Go', async () => {
    expect((await ask(new Response(new Uint8Array([0xff]))).result).text).toBe('\uFFFD')
  })

  it('may be none', async () => {
    expect((await ask(new Response(null, { status: 204 })).result).text).toBe('')
  })
})
