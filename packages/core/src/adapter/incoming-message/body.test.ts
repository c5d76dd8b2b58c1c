import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { incomingMessageBody } from './body.ts'

/** A request as Node has it: a readable stream, to which parsers may have added what they read. */
function message(added: object = {}): PassThrough {
  return Object.assign(new PassThrough(), added)
}

const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes)

describe('incomingMessageBody', () => {
  it('reads a body in pieces', async () => {
    const req = message()
    const body = incomingMessageBody(req)(10)
    req.write('hel')
    setImmediate(() => req.end('lo'))
    expect(text(await body)).toBe('hello')
  })

  it('reads an empty body', async () => {
    const req = message()
    req.end()
    expect(await incomingMessageBody(req)(10)).toHaveLength(0)
  })

  it('reads a body that waited for long', async () => {
    const req = message()
    req.end('hello')
    const read = incomingMessageBody(req)
    await new Promise(setImmediate)
    expect(text(await read(10))).toBe('hello')
  })

  it.each([
    ['as long as the limit', 5, 'hello'],
    ['longer', 4, undefined],
  ])('tells a body that is %s', async (_, maxBytes, expected) => {
    const req = message()
    req.end('hello')
    const bytes = await incomingMessageBody(req)(maxBytes)
    expect(bytes && text(bytes)).toBe(expected)
  })

  it('leaves a request alone whose body is too long, so that it can be answered', async () => {
    const req = message()
    req.write('hello')
    expect(await incomingMessageBody(req)(4)).toBeUndefined()
    expect(req.destroyed).toBe(false)
    expect(req.listenerCount('data') + req.listenerCount('end') + req.listenerCount('close')).toBe(0)
    // What still comes is dropped, and does not stay in memory.
    req.end('x'.repeat(1_000_000))
    await new Promise((resolve) => req.once('close', resolve))
  })

  it.each([
    ['with an error', new Error('reset')],
    ['without one', undefined],
  ])('rejects when the client goes away %s', async (_, error) => {
    const req = message()
    const body = incomingMessageBody(req)(10)
    req.write('hel')
    req.destroy(error)
    await expect(body).rejects.toThrow('the client went away')
  })

  it('rejects when the client was away before', async () => {
    const req = message()
    req.destroy()
    await new Promise((resolve) => req.once('close', resolve))
    await expect(incomingMessageBody(req)(10)).rejects.toThrow('the client went away')
  })

  it.each([
    ['an object', { a: ['ö'] }, '{"a":["ö"]}'],
    ['bytes', Buffer.from('hello'), 'hello'],
    ['a text', 'hellö', 'hellö'],
    ['null', null, 'null'],
  ])('takes what a parser made of the body before: %s', async (_, parsed, expected) => {
    const req = await consumed({ body: parsed })
    expect(text(await incomingMessageBody(req)(100))).toBe(expected)
    expect(text(await incomingMessageBody(await consumed(), parsed)(100))).toBe(expected)
    expect(await incomingMessageBody(req)(3)).toBeUndefined()
  })

  it('reads the request where a parser only passed by, as those of Express 4 leave an empty object', async () => {
    const req = message({ body: {} })
    req.end('hello')
    expect(text(await incomingMessageBody(req)(10))).toBe('hello')
  })

  it('reports that the body was read before and not kept', async () => {
    await expect(incomingMessageBody(await consumed())(10)).rejects.toMatchObject({
      status: 500,
      message: expect.stringContaining('has already been read') as unknown,
    })
  })
})

async function consumed(added: object = {}): Promise<PassThrough> {
  const req = message(added)
  req.end('hello')
  await req.toArray()
  return req
}
