import { describe, expect, it } from 'vitest'
import { fetchBody } from './body.ts'

const post = (body: BodyInit | null): Request =>
  new Request('http://localhost', { method: 'POST', body, duplex: 'half' } as RequestInit)

/** A body in chunks, which counts how many were read. */
function pieces(...lengths: readonly number[]): {
  readonly stream: ReadableStream
  readonly taken: () => number
} {
  let taken = 0
  const stream = new ReadableStream(
    {
      pull(controller) {
        const length = lengths[taken++]
        if (length === undefined) controller.close()
        else controller.enqueue(new Uint8Array(length).fill(taken))
      },
    },
    { highWaterMark: 0 },
  )
  return { stream, taken: () => taken }
}

describe('fetchBody', () => {
  it.each([
    ['no body', null, ''],
    ['an empty body', '', ''],
    ['a text', 'hello', 'hello'],
  ])('reads %s', async (_, body, text) => {
    expect(new TextDecoder().decode(await fetchBody(post(body))(10))).toBe(text)
  })

  it('puts pieces together', async () => {
    expect(await fetchBody(post(pieces(2, 0, 3).stream))(5)).toEqual(Uint8Array.of(1, 1, 3, 3, 3))
  })

  it.each([
    ['as long as the limit', [4, 6], 10],
    ['one byte longer', [4, 7], undefined],
  ])('tells a body that is %s', async (_, lengths, length) => {
    expect((await fetchBody(post(pieces(...lengths).stream))(10))?.length).toBe(length)
  })

  it('reads nothing beyond the limit, and does not end the connection', async () => {
    const { stream, taken } = pieces(6, 6, 6, 6, 6)
    const request = post(stream)
    expect(await fetchBody(request)(10)).toBeUndefined()
    expect(taken()).toBe(2)
    expect(request.body?.locked).toBe(false)
  })

  it('rejects when the body breaks off', async () => {
    const stream = new ReadableStream({ pull: (controller) => controller.error(new Error('gone')) })
    await expect(fetchBody(post(stream))(10)).rejects.toThrow('gone')
  })

  it('reports that the body has already been read', async () => {
    const request = post('hello')
    await request.text()
    await expect(fetchBody(request)(10)).rejects.toMatchObject({
      status: 500,
      message: expect.stringContaining('has already been read') as unknown,
    })
  })
})
